#pragma once

#include <optional>
#include <span>

// A block's estimate is a rank statistic of its turns, which one wild window moves little; what is
// said about blocks is Student's t over these estimates, with a variance that knows of neighbours.
// METHODOLOGY.md, "Why this interval", has the simulation that chose it.
namespace duelio::stats {

struct Interval {
  double low = 0;
  double high = 0;
  bool contains(double value) const noexcept { return low <= value && value <= high; }
};

// None of these takes an empty sample but where it says so.
double mean(std::span<const double> values);
double median(std::span<const double> values);

// The value that a fraction in [0, 1] of the sample lies below, between its neighbours in
// proportion.
double quantile(std::span<const double> values, double fraction);

// Hodges-Lehmann estimate of the centre: the median of all Walsh averages (x_i + x_j) / 2, i <= j.
// Hollander, Wolfe and Chicken, "Nonparametric Statistical Methods", section 3.2.
double hodges_lehmann(std::span<const double> values);

// P(T <= t) of Student's distribution, and its inverse. Pre: degrees > 0, 0 < probability < 1.
double student_cdf(double t, double degrees);
double student_quantile(double probability, double degrees);

// Of the mean of `values`, in the order in which they were taken: larger than that of strangers
// where neighbours resemble each other (Newey and West, 1987). Pre: two values at least.
double standard_error(std::span<const double> values);

// Student's interval of confidence 1 - alpha, by that error, for the mean of what `values` are a
// sample of. None for fewer than two.
std::optional<Interval> mean_interval(std::span<const double> values, double alpha);

// The same for two independent samples: how far the mean of `second` lies above that of `first`
// (Welch, 1947: the samples need not vary alike). None where one has fewer than two values.
std::optional<Interval> difference_interval(std::span<const double> first,
                                            std::span<const double> second, double alpha);

// Correlation of each value with the one before it. 0 for fewer than 3 and for equal values.
double lag_correlation(std::span<const double> values);

}  // namespace duelio::stats
