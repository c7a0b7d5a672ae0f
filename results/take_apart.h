#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/statistics.h"

namespace duelio::results {

// One cause of a difference in CPU time per request.
struct Part {
  std::string cause;
  double entry_ns = 0;  // per request
  double base_ns = 0;
  double difference_ns = 0;                 // of the two
  std::optional<stats::Interval> interval;  // of the difference; all of a list hold together

  bool is_told() const noexcept { return interval && !interval->contains(0); }
};

// What was timed, and what was sampled in windows of their own.
struct Timed {
  double base_ns = 0;              // CPU per request of the base
  std::vector<double> log_ratios;  // of the entry to it, by block; what is published is their mean
};
struct Sampled {  // by block; causes as `causes` has them
  std::vector<std::string> causes;
  std::vector<std::vector<double>> entry;
  std::vector<std::vector<double>> base;
  // Samples of the blocks. Empty where each is of one cause; functions have what they call in them.
  std::vector<double> all_of_entry{};
  std::vector<double> all_of_base{};
};

// Takes a difference apart: CPU per request of each side times the share that each cause has of its
// samples. Intervals are by leaving out each block in turn (the jackknife), of the timed ones and
// of the sampled ones, each set for itself; none with fewer than thresholds::fewest_blocks. In the
// order of the causes.
std::vector<Part> differences(const Timed& timed, const Sampled& sampled, double alpha);

// The same of causes that are told apart: the parts add up to the difference that was timed. The
// largest first.
std::vector<Part> take_apart(const Timed& timed, const Sampled& sampled, double alpha);

}  // namespace duelio::results
