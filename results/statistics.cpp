#include "results/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace duelio::stats {
namespace {

// Consumes its argument: selection needs no sorted sample.
double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

// Sum of the products of deviations that are `lag` apart.
double lagged_sum(std::span<const double> values, double centre, std::size_t lag) {
  double sum = 0;
  for (std::size_t i = lag; i < values.size(); ++i)
    sum += (values[i - lag] - centre) * (values[i] - centre);
  return sum;
}

// Of the mean. Neighbours that resemble each other tell less than as many strangers: their products
// count with the weights of Newey and West (1987, three lags). The estimate may say less than that
// of strangers by chance only, and is not believed then.
double variance_of_mean(std::span<const double> values) {
  constexpr std::size_t lags = 3;
  const auto n = static_cast<double>(values.size());
  const double centre = mean(values);
  const double strangers = lagged_sum(values, centre, 0);
  double neighbours = strangers;
  for (std::size_t lag = 1; lag <= lags && lag < values.size(); ++lag) {
    const double weight = 1 - static_cast<double>(lag) / (lags + 1);
    neighbours += 2 * weight * lagged_sum(values, centre, lag);
  }
  return std::max(strangers, neighbours) / (n - 1) / n;
}

// The continued fraction of the incomplete beta function by Lentz's method: DLMF 8.17.22.
double beta_fraction(double a, double b, double x) {
  constexpr double tiny = 1e-300;
  constexpr int most_terms = 500;
  const auto away_from_zero = [](double value) { return std::abs(value) < tiny ? tiny : value; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m <= most_terms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1;
    for (const double term : {even, odd}) {
      d = 1 / away_from_zero(1 + term * d);
      c = away_from_zero(1 + term / c);
      change = d * c;
      fraction *= change;
    }
    if (std::abs(change - 1) < 1e-15) break;
  }
  return fraction;
}

// std::lgamma writes a global; this is the same without it.
double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

// I_x(a, b), regularised.
double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) +
                                b * std::log1p(-x));
  // The fraction converges fast on this side only.
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                   : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  return median_of(copy);
}

double quantile(std::span<const double> values, double fraction) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const double place = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

double hodges_lehmann(std::span<const double> values) {
  std::vector<double> averages;
  averages.reserve(values.size() * (values.size() + 1) / 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = i; j < values.size(); ++j) averages.push_back((values[i] + values[j]) / 2);
  }
  return median_of(averages);
}

double student_cdf(double t, double degrees) {
  const double tail = incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2;
  return t < 0 ? tail : 1 - tail;
}

double student_quantile(double probability, double degrees) {
  if (probability > 0.5) return -student_quantile(1 - probability, degrees);
  // In the lower tail, where no digit is lost in a difference to one.
  double low = -1;
  while (student_cdf(low, degrees) > probability) low *= 2;
  double high = 0;
  for (int i = 0; i < 100 && high - low > -1e-12 * low; ++i) {
    const double middle = (low + high) / 2;
    (student_cdf(middle, degrees) > probability ? high : low) = middle;
  }
  return (low + high) / 2;
}

double standard_error(std::span<const double> values) {
  return std::sqrt(variance_of_mean(values));
}

std::optional<Interval> mean_interval(std::span<const double> values, double alpha) {
  if (values.size() < 2) return std::nullopt;
  const double centre = mean(values);
  const double reach =
      -student_quantile(alpha / 2, static_cast<double>(values.size() - 1)) * standard_error(values);
  return Interval{centre - reach, centre + reach};
}

std::optional<Interval> difference_interval(std::span<const double> first,
                                            std::span<const double> second, double alpha) {
  if (first.size() < 2 || second.size() < 2) return std::nullopt;
  const double of_first = variance_of_mean(first);
  const double of_second = variance_of_mean(second);
  const double both = of_first + of_second;
  const double shift = mean(second) - mean(first);
  if (both == 0) return Interval{shift, shift};
  const double degrees = both * both /
                         (of_first * of_first / static_cast<double>(first.size() - 1) +
                          of_second * of_second / static_cast<double>(second.size() - 1));
  const double reach = -student_quantile(alpha / 2, degrees) * std::sqrt(both);
  return Interval{shift - reach, shift + reach};
}

double lag_correlation(std::span<const double> values) {
  if (values.size() < 3) return 0;
  const double centre = mean(values);
  const double variance = lagged_sum(values, centre, 0);
  return variance == 0 ? 0 : lagged_sum(values, centre, 1) / variance;
}

}  // namespace duelio::stats
