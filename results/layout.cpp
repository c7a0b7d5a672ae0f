#include "results/layout.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "common/thresholds.h"
#include "results/statistics.h"

namespace duelio::results {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

double log_of(const std::optional<double>& value) {
  return value && *value > 0 ? std::log(*value) : none;
}

std::size_t load_index(const Plan& plan, std::string_view id) {
  std::size_t index = 0;
  while (index < plan.loads.size() && plan.loads[index].id != id) ++index;
  return index;
}

}  // namespace

bool counts(const Window& window, const Plan& plan) noexcept {
  return plan.accept_noise || !window.void_cause;
}

Layout::Layout(const Run& run)
    : run_(run),
      turns_(run.blocks.size(), std::vector<std::vector<Turn>>(run.manifest.plan.loads.size())) {
  std::map<std::size_t, std::size_t> block_index;
  for (const Block& block : run.blocks) block_index.emplace(block.block, block_index.size());
  std::map<std::tuple<std::size_t, std::size_t, std::size_t>, std::size_t> rows;
  for (const Window& window : run.windows) {
    const std::size_t block = block_index.at(window.block);
    const std::size_t load = load_index(run.manifest.plan, window.load);
    auto& turns = turns_[block][load];
    const auto [row, is_new] = rows.try_emplace({block, load, window.turn}, turns.size());
    if (is_new) turns.emplace_back(lanes(), nullptr);
    if (counts(window, run.manifest.plan))
      turns[row->second][lane_of(window.entry, window.role)] = &window;
  }
}

std::size_t Layout::lane_of(std::string_view entry, Role role) const noexcept {
  if (role == Role::control) return control();
  std::size_t lane = 0;
  while (lane < control() && run_.manifest.entries[lane].name != entry) ++lane;
  return lane;
}

std::vector<std::size_t> Layout::lanes_of(std::string_view entry) const {
  std::vector<std::size_t> lanes{lane_of(entry, Role::candidate)};
  if (entry == run_.manifest.reference) lanes.push_back(control());
  return lanes;
}

Logs Layout::logs(const Metric& metric, std::size_t block, std::size_t load) const {
  Logs logs;
  if (metric.of_window != nullptr) {
    for (const Turn& turn : turns(block, load)) {
      auto& row = logs.emplace_back(lanes(), none);
      for (std::size_t lane = 0; lane < lanes(); ++lane) {
        if (turn[lane] != nullptr) row[lane] = log_of(metric.of_window(*turn[lane]));
      }
    }
    return logs;
  }
  auto& row = logs.emplace_back(lanes(), none);
  for (const Lane& lane : run_.blocks[block].lanes) {
    for (const LaneLoad& lane_load : lane.loads) {
      if (lane_load.load == run_.manifest.plan.loads[load].id)
        row[lane_of(lane.entry, lane.role)] = log_of(metric.of_block(lane_load));
    }
  }
  return logs;
}

// Each lane is held against each of the other's: a
// difference of two lanes that vary alike is symmetric about the truth, whatever the form of their
// noise, which the ratio to a mean of two lanes is not (METHODOLOGY.md, "Two lanes of the
// reference").
std::optional<double> block_estimate(const Logs& logs, const std::vector<std::size_t>& lanes,
                                     const std::vector<std::size_t>& base) {
  std::vector<const std::vector<double>*> turns;  // in which all of them have a value
  const auto has_all = [](const auto& row, const std::vector<std::size_t>& which) {
    return std::none_of(which.begin(), which.end(),
                        [&](std::size_t lane) { return std::isnan(row[lane]); });
  };
  for (const auto& row : logs) {
    if (has_all(row, lanes) && has_all(row, base)) turns.push_back(&row);
  }
  if (turns.empty() || static_cast<double>(turns.size()) <
                           thresholds::counted_turns * static_cast<double>(logs.size()))
    return std::nullopt;
  std::vector<double> estimates;
  std::vector<double> differences(turns.size());
  for (const std::size_t lane : lanes) {
    for (const std::size_t other : base) {
      std::transform(turns.begin(), turns.end(), differences.begin(),
                     [&](const auto* row) { return (*row)[lane] - (*row)[other]; });
      estimates.push_back(stats::hodges_lehmann(differences));
    }
  }
  return stats::mean(estimates);
}

}  // namespace duelio::results
