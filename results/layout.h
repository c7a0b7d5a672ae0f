#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "results/metrics.h"
#include "results/record.h"

namespace duelio::results {

// Natural logarithms of a metric in one block at one load: a row for each turn, a column for each
// lane; NaN where there is no value. A metric of the whole block has one row.
using Logs = std::vector<std::vector<double>>;

// A run's windows in the order of its design: block, load, turn, lane. Lanes are the manifest's
// entries, in its order, and the control behind them; windows that do not count are not in it.
class Layout {
 public:
  explicit Layout(const Run& run);  // refers to the run

  using Turn = std::vector<const Window*>;  // by lane; nullptr where there is none that counts

  std::size_t blocks() const noexcept { return run_.blocks.size(); }
  std::size_t lanes() const noexcept { return run_.manifest.entries.size() + 1; }
  std::size_t control() const noexcept { return run_.manifest.entries.size(); }
  std::size_t lane_of(std::string_view entry, Role role) const noexcept;
  // One, or the reference's two.
  std::vector<std::size_t> lanes_of(std::string_view entry) const;

  const std::vector<Turn>& turns(std::size_t block, std::size_t load) const {
    return turns_[block][load];
  }
  Logs logs(const Metric& metric, std::size_t block, std::size_t load) const;

 private:
  const Run& run_;
  std::vector<std::vector<std::vector<Turn>>> turns_;  // by block and load
};

// The logarithm of the ratio of two entries in one block, each by its lanes. None when fewer than
// half of the turns have them all.
std::optional<double> block_estimate(const Logs& logs, const std::vector<std::size_t>& lanes,
                                     const std::vector<std::size_t>& base);

// Whether a window counts: it is not void, or the plan accepts noise.
bool counts(const Window& window, const Plan& plan) noexcept;

}  // namespace duelio::results
