#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include <boost/json/fwd.hpp>

namespace duelio {

// Counts of durations in nanoseconds, log-linear as in HdrHistogram: exact below 2048, then 1024
// buckets for each power of two, so that a bucket's middle is within 0.05 % of every value in it (3
// significant digits). Values above max_value are counted as max_value. Histograms of the same kind
// add up exactly.
class Histogram {
 public:
  static constexpr std::uint64_t max_value = (std::uint64_t{1} << 40U) - 1;  // 18 minutes

  Histogram() : counts_(index_of(max_value) + 1) {}

  void record(std::int64_t value, std::uint64_t times = 1) noexcept {
    const std::uint64_t clipped =
        value < 0 ? 0 : std::min(static_cast<std::uint64_t>(value), max_value);
    counts_[index_of(clipped)] += times;
    count_ += times;
    sum_ += clipped * times;
    min_ = std::min(min_, clipped);
    max_ = std::max(max_, clipped);
  }

  void add(const Histogram& other) noexcept;
  void clear() noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }  // exact
  std::uint64_t max() const noexcept { return max_; }                    // exact
  double mean() const noexcept;                                          // exact

  // The value that a fraction `quantile` in [0, 1] of the recorded ones do not exceed (nearest
  // rank), as its bucket's middle, between min() and max(); 0 when empty.
  std::uint64_t quantile(double quantile) const noexcept;

  // Whether at least `behind` samples lie beyond the quantile: fewer say nothing about it.
  bool supports(double quantile, double behind = 10) const noexcept {
    return (1 - quantile) * static_cast<double>(count_) >= behind;
  }

  // Values whose bucket is not empty, ascending: visit(lower, upper, count) for values in [lower,
  // upper].
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t i = first(); i < end(); ++i) {
      if (counts_[i] != 0) visit(lower_bound(i), lower_bound(i + 1) - 1, counts_[i]);
    }
  }

  // {"count", "sum", "min", "max", "buckets": [[index, count], ...]}; only non-empty buckets.
  boost::json::object to_json() const;
  // Holds what to_json() has told, in place of what it held: its counts are a quarter of a MiB,
  // which are not asked for anew. Throws std::invalid_argument, and is empty, for what to_json()
  // cannot have made.
  void assign(const boost::json::object& object);
  static Histogram from_json(const boost::json::value& value);

 private:
  static constexpr unsigned sub_bits = 10;

  static constexpr std::uint32_t index_of(std::uint64_t value) noexcept {
    if (value < (2U << sub_bits)) return static_cast<std::uint32_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - (sub_bits + 1);
    return (shift << sub_bits) + static_cast<std::uint32_t>(value >> shift);
  }
  static constexpr std::uint64_t lower_bound(std::uint32_t index) noexcept {
    if (index < (2U << sub_bits)) return index;
    const unsigned shift = (index >> sub_bits) - 1;
    return static_cast<std::uint64_t>(index - (shift << sub_bits)) << shift;
  }

  // No bucket before first() or from end() on has a count: a histogram of a short time is looked
  // through, added and cleared in a fraction of its size.
  std::uint32_t first() const noexcept { return index_of(min_); }
  std::uint32_t end() const noexcept { return index_of(max_) + 1; }

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t min_ = max_value;
  std::uint64_t max_ = 0;
};

}  // namespace duelio
