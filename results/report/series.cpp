#include "results/report/series.h"

#include <algorithm>
#include <array>

#include "common/units.h"
#include "results/likeness.h"
#include "results/report/words.h"

namespace duelio::results {
namespace {

template <auto Member>
std::optional<std::uint64_t> of_entries(const Manifest& manifest) {
  std::optional<std::uint64_t> value;
  for (const EntrySpec& entry : manifest.entries) {
    if (entry.kind == "peer") continue;  // is not asked for it
    if (value && *value != entry.*Member) return std::nullopt;
    value = entry.*Member;
  }
  return value;
}

template <auto Member>
void level_entries(Manifest& manifest) {
  for (EntrySpec& entry : manifest.entries) entry.*Member = {};
}

constexpr std::array all{Axis{"connections",
                              [](const Manifest& manifest) -> std::optional<std::uint64_t> {
                                return manifest.plan.connections;
                              },
                              [](Manifest& manifest) { manifest.plan.connections = 0; }},
                         Axis{"threads", of_entries<&EntrySpec::threads>,
                              [](Manifest& manifest) {
                                level_entries<&EntrySpec::threads>(manifest);
                                manifest.plan.server_cpus.clear();  // more threads have more CPUs
                                manifest.plan.client_cpus.clear();
                                manifest.plan.generator_threads.reset();
                              }},
                         Axis{"handler CPU", of_entries<&EntrySpec::handler_cpu_ns>,
                              level_entries<&EntrySpec::handler_cpu_ns>}};

std::vector<std::string> entry_list(const Manifest& manifest) {
  std::vector<std::string> names;
  names.reserve(manifest.entries.size());
  for (const EntrySpec& entry : manifest.entries) names.push_back(entry.name);
  return names;
}

std::vector<std::string> load_ids(const Manifest& manifest) {
  std::vector<std::string> ids;
  ids.reserve(manifest.plan.loads.size());
  for (const Load& load : manifest.plan.loads) ids.push_back(load.id);
  return ids;
}

bool differs_only_in(const Axis& axis, const Manifest& first, const Manifest& second) {
  if (entry_list(first) != entry_list(second) || load_ids(first) != load_ids(second)) return false;
  for (const Axis& other : all) {
    const auto a = other.value(first);
    const auto b = other.value(second);
    if (&axis == &other ? !a || !b || *a == *b : a != b) return false;
  }
  Run alike{.manifest = first};
  Run other{.manifest = second};
  axis.level(alike.manifest);
  axis.level(other.manifest);
  return differences(alike, other, Figures::ratios).empty();
}

}  // namespace

std::span<const Axis> axes() noexcept {
  return all;
}

std::string tick(const Axis& axis, const Manifest& manifest) {
  const std::uint64_t value = axis.value(manifest).value_or(0);
  if (axis.name == "handler CPU")
    return value == 0 ? "no work" : with_micro(format_duration(static_cast<double>(value) * 1e-9));
  return std::to_string(value);
}

std::vector<const JudgedRun*> series_over(const Axis& axis, std::span<const JudgedRun> runs) {
  std::vector<const JudgedRun*> series;
  for (const JudgedRun& run : runs) series.push_back(&run);
  const auto manifest = [](const JudgedRun* run) -> const Manifest& { return run->run.manifest; };
  std::sort(series.begin(), series.end(), [&](const JudgedRun* a, const JudgedRun* b) {
    return axis.value(manifest(a)) < axis.value(manifest(b));
  });
  const auto breaks =
      std::adjacent_find(series.begin(), series.end(), [&](const JudgedRun* a, const JudgedRun* b) {
        return !differs_only_in(axis, manifest(a), manifest(b));
      });
  if (series.size() < 2 || breaks != series.end()) series.clear();
  return series;
}

boost::json::array rows_over(const Axis& axis, const std::vector<const JudgedRun*>& series,
                             const Metric& metric, const Load& load, std::string_view field,
                             const RowsOf& rows_of) {
  boost::json::array rows;
  for (const JudgedRun* const run : series) {
    const Judgement* const judgement = run->judgement(metric.id, load.id);
    if (judgement == nullptr) continue;
    for (boost::json::value& row : rows_of(*run, *judgement)) {
      row.as_object()[field] = tick(axis, run->run.manifest);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace duelio::results
