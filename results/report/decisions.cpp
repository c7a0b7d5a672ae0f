#include "results/report/decisions.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "results/report/markup.h"
#include "results/table.h"

namespace duelio::results {

namespace json = boost::json;
using markup::Table;

namespace {

constexpr const char* none_faster = "no backend is faster than the reference";

struct Choice {
  std::string entry;
  double value;
  std::string word;
};

// The backends that a verdict is still to be had of: "inconclusive: asio, uring"; empty when there
// are none.
std::string undecided(const Report& report, const MetricVerdict& verdict) {
  std::string names;
  for (const Contrast& contrast : verdict.contrasts) {
    if (report.kind(contrast.entry) == "backend" && contrast.word == Word::inconclusive)
      names += (names.empty() ? "" : ", ") + contrast.entry;
  }
  return names.empty() ? names : std::string(to_string(Word::inconclusive)) + ": " + names;
}

// The best of the backends that are told apart from the reference, or else the reference. Peers and
// floors are no flag to choose.
std::optional<Choice> choose(const Report& report, const MetricVerdict& verdict) {
  const std::string reference = report.run.reference();
  std::optional<Choice> choice;
  if (report.kind(reference) == "backend" && undecided(report, verdict).empty())
    choice = {reference, *verdict.reference_median, none_faster};
  double best = 1;
  for (const Contrast& contrast : verdict.contrasts) {
    if (report.kind(contrast.entry) != "backend" || !contrast.ratio ||
        (contrast.word != Word::faster && contrast.word != Word::slightly_faster))
      continue;
    const double gain = verdict.metric->lower_is_better ? *contrast.ratio : 1 / *contrast.ratio;
    if (gain >= best) continue;
    best = gain;
    choice = {contrast.entry, *contrast.median,
              std::string(to_string(contrast.word)) + " than " + report.label(reference)};
  }
  return choice;
}

// The best of the peers and floors, whatever its verdict: what is possible here without our core.
std::string limit(const Report& report, const MetricVerdict& verdict) {
  const Contrast* best = nullptr;
  for (const Contrast& contrast : verdict.contrasts) {
    if (report.kind(contrast.entry) == "backend" || !contrast.median) continue;
    if (best == nullptr || (*contrast.median < *best->median) == verdict.metric->lower_is_better)
      best = &contrast;
  }
  return best == nullptr
             ? "-"
             : format_value(*verdict.metric, *best->median) + ", " + report.label(best->entry);
}

// An entry may bear another name than its backend.
std::string flag_for(const Run& run, const std::string& entry) {
  for (const json::value& each : run.manifest.at("entries").as_array()) {
    const json::value* const backend = each.as_object().if_contains("backend");
    if (each.at("name").as_string() != entry || backend == nullptr || !backend->is_string())
      continue;
    std::string flag = "--backend " + std::string(backend->get_string());
    if (backend->get_string() == entry) return flag;
    return std::string(entry).append(" (").append(flag).append(")");
  }
  return entry;
}

}  // namespace

std::string decisions(const Report& report) {
  const std::vector<std::string> entries = report.run.entries();
  const bool has_limit = std::any_of(entries.begin(), entries.end(), [&](const std::string& entry) {
    return report.kind(entry) != "backend";
  });
  std::vector<std::string> heads{"if you want", "choose", "value", "verdict"};
  if (has_limit) heads.emplace_back("limit");
  Table table("Which flag to choose on this machine, for this load", heads, Table::Of::words);
  const auto decide = [&](const std::string& wish, std::string_view metric_id) {
    for (const MetricVerdict& verdict : report.verdicts) {
      if (verdict.metric->id != metric_id) continue;
      const std::string open = undecided(report, verdict);
      std::vector<std::string> cells{wish, "-", "-", open.empty() ? none_faster : open};
      const auto is_withheld = [](const Contrast& each) { return each.word == Word::withheld; };
      if (std::any_of(verdict.contrasts.begin(), verdict.contrasts.end(), is_withheld)) {
        cells[3] = "withheld: control " + std::string(to_string(verdict.control_state));
      } else if (const auto choice = choose(report, verdict)) {
        cells = {wish, flag_for(report.run, choice->entry),
                 format_value(*verdict.metric, choice->value), choice->word};
      }
      if (has_limit) cells.push_back(limit(report, verdict));
      table.row(cells);
    }
  };
  decide("the least CPU per request", "cpu");
  decide("the highest throughput", "rate");
  decide("the lowest p99", "p99");
  return table.str();
}

}  // namespace duelio::results
