#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

// Rank statistics for paired differences: they ask for no distribution but symmetry about the
// median, and one wild round moves them little. Hollander, Wolfe and Chicken, "Nonparametric
// Statistical Methods", chapter 3.
namespace duelio::stats {

struct Interval {
  double low = 0;
  double high = 0;
  bool contains(double value) const noexcept { return low <= value && value <= high; }
};

double median(std::span<const double> values);

// Hodges-Lehmann estimate of the median: the median of all Walsh averages (x_i + x_j) / 2, i <= j.
// Pre: not empty.
double hodges_lehmann(std::span<const double> values);

// P(T <= t) for Wilcoxon's signed-rank statistic of n differences without ties, exactly.
double signed_rank_cdf(std::size_t n, std::size_t t);

// The exact interval of confidence >= 1 - alpha for the median, by inverting the signed-rank test.
// None when n is too small for that confidence (2^(1-n) > alpha).
std::optional<Interval> signed_rank_interval(std::span<const double> values, double alpha);

// The smallest n for which signed_rank_interval() exists.
std::size_t smallest_n(double alpha) noexcept;

// Two-sided exact p-value of the signed-rank test against a median of zero. Zeros are dropped and
// ties get mid ranks, as Wilcoxon did. Pre: at most 60 values.
double signed_rank_p(std::span<const double> values);

// For two independent samples: the interval of confidence >= 1 - alpha for how far `second` lies
// above `first`, by inverting the exact rank-sum test (Mann and Whitney), and its Hodges-Lehmann
// estimate, the median of all differences. None when the samples are too small for that confidence.
std::optional<Interval> rank_sum_interval(std::span<const double> first,
                                          std::span<const double> second, double alpha);
double rank_sum_shift(std::span<const double> first, std::span<const double> second);

// P(U <= u) for the Mann-Whitney statistic of n and m values without ties, exactly.
double rank_sum_cdf(std::size_t n, std::size_t m, std::size_t u);

// Spearman's rank correlation of the values with their order: how far a series drifts. 0 for fewer
// than 3.
double drift(std::span<const double> values);

}  // namespace duelio::stats
