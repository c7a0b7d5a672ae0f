#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace duelio::stats {

// A value and its standard error.
struct Measured {
  double value = 0;
  double error = 0;
};

// What a series is taken for: between two changes its values scatter about one level by their own
// errors and by what else differs from one to the next, in variance `between`.
struct Levels {
  double between = 0;
  std::vector<std::size_t> changes;  // the first value of each new level, ascending
};

// The two-sample t of all places where a level may end, the largest of which makes a change when it
// is beyond Bonferroni's bound for all places (Hawkins 1977, "Testing a sequence of observations
// for a shift in location"), each value with the weight of its variance; then the same on each side
// (binary segmentation: Scott and Knott 1974). A level has two values at least, for one may be an
// accident. With probability 1 - alpha there is no change where there is none.
Levels levels_of(std::span<const Measured> series, double alpha);

// The level of a part of a series.
Measured level(std::span<const Measured> part, double between) noexcept;

}  // namespace duelio::stats
