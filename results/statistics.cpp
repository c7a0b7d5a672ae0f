#include "results/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace duelio::stats {
namespace {

std::vector<double> sorted_walsh_averages(std::span<const double> values) {
  std::vector<double> averages;
  averages.reserve(values.size() * (values.size() + 1) / 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = i; j < values.size(); ++j) averages.push_back((values[i] + values[j]) / 2);
  }
  std::sort(averages.begin(), averages.end());
  return averages;
}

double median_of_sorted(std::span<const double> sorted) {
  const std::size_t n = sorted.size();
  return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

// Probability of each sum of a random subset of `weights`: the null distribution of a signed-rank
// sum.
std::vector<double> subset_sum_distribution(std::span<const std::size_t> weights) {
  std::vector<double> probability(
      std::accumulate(weights.begin(), weights.end(), std::size_t{0}) + 1, 0.0);
  probability[0] = 1;
  std::size_t reach = 0;
  for (const std::size_t weight : weights) {
    reach += weight;
    for (std::size_t sum = reach + 1; sum-- > 0;) {
      probability[sum] = (probability[sum] + (sum >= weight ? probability[sum - weight] : 0)) / 2;
    }
  }
  return probability;
}

std::vector<std::size_t> ranks_up_to(std::size_t n) {
  std::vector<std::size_t> ranks(n);
  std::iota(ranks.begin(), ranks.end(), std::size_t{1});
  return ranks;
}

// Mid ranks of the values, from 1.
std::vector<double> ranks_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t j = i;
    while (j < order.size() && values[order[j]] == values[order[i]]) ++j;
    const double rank = (static_cast<double>(i + 1) + static_cast<double>(j)) / 2;
    for (; i < j; ++i) ranks[order[i]] = rank;
  }
  return ranks;
}

std::vector<double> sorted_differences(std::span<const double> first,
                                       std::span<const double> second) {
  std::vector<double> differences;
  differences.reserve(first.size() * second.size());
  for (const double b : second) {
    for (const double a : first) differences.push_back(b - a);
  }
  std::sort(differences.begin(), differences.end());
  return differences;
}

// Of the Mann-Whitney statistic: the largest of the n + m values belongs to one sample or the
// other.
std::vector<double> rank_sum_distribution(std::size_t n, std::size_t m) {
  std::vector<std::vector<double>> row(m + 1, std::vector<double>{1.0});  // n = 0
  for (std::size_t i = 1; i <= n; ++i) {
    std::vector<std::vector<double>> next(m + 1);
    next[0] = {1.0};
    for (std::size_t j = 1; j <= m; ++j) {
      next[j].assign(i * j + 1, 0.0);
      const double from_first = static_cast<double>(i) / static_cast<double>(i + j);
      for (std::size_t u = 0; u < row[j].size(); ++u) next[j][u + j] += from_first * row[j][u];
      for (std::size_t u = 0; u < next[j - 1].size(); ++u)
        next[j][u] += (1 - from_first) * next[j - 1][u];
    }
    row = std::move(next);
  }
  return row[m];
}

}  // namespace

double median(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return median_of_sorted(sorted);
}

double hodges_lehmann(std::span<const double> values) {
  return median_of_sorted(sorted_walsh_averages(values));
}

double signed_rank_cdf(std::size_t n, std::size_t t) {
  const auto probability = subset_sum_distribution(ranks_up_to(n));
  double sum = 0;
  for (std::size_t i = 0; i <= std::min(t, probability.size() - 1); ++i) sum += probability[i];
  return sum;
}

std::optional<Interval> signed_rank_interval(std::span<const double> values, double alpha) {
  const auto probability = subset_sum_distribution(ranks_up_to(values.size()));
  // The largest k with P(T <= k - 1) <= alpha / 2: k averages are cut off at each end, less one.
  std::size_t k = 0;
  for (double tail = probability[0]; tail <= alpha / 2; tail += probability[k]) ++k;
  if (k == 0 || values.empty()) return std::nullopt;
  const auto averages = sorted_walsh_averages(values);
  return Interval{averages[k - 1], averages[averages.size() - k]};
}

std::size_t smallest_n(double alpha) noexcept {
  std::size_t n = 1;
  while (std::ldexp(1.0, 1 - static_cast<int>(n)) > alpha) ++n;
  return n;
}

double signed_rank_p(std::span<const double> values) {
  std::vector<double> magnitudes;
  std::vector<bool> positive;
  for (const double value : values) {
    if (value == 0) continue;
    magnitudes.push_back(std::abs(value));
    positive.push_back(value > 0);
  }
  if (magnitudes.empty()) return 1;
  std::vector<std::size_t> doubled;  // mid ranks are multiples of a half
  for (const double rank : ranks_of(magnitudes))
    doubled.push_back(static_cast<std::size_t>(std::lround(2 * rank)));
  std::size_t statistic = 0;
  for (std::size_t i = 0; i < doubled.size(); ++i) statistic += positive[i] ? doubled[i] : 0;
  const auto probability = subset_sum_distribution(doubled);
  const std::size_t smaller = std::min(statistic, probability.size() - 1 - statistic);
  double tail = 0;
  for (std::size_t i = 0; i <= smaller; ++i) tail += probability[i];
  return std::min(1.0, 2 * tail);
}

double rank_sum_cdf(std::size_t n, std::size_t m, std::size_t u) {
  double sum = 0;
  const auto probability = rank_sum_distribution(n, m);
  for (std::size_t i = 0; i <= std::min(u, n * m); ++i) sum += probability[i];
  return sum;
}

std::optional<Interval> rank_sum_interval(std::span<const double> first,
                                          std::span<const double> second, double alpha) {
  if (first.empty() || second.empty()) return std::nullopt;
  const auto probability = rank_sum_distribution(first.size(), second.size());
  std::size_t k = 0;
  for (double tail = probability[0]; tail <= alpha / 2; tail += probability[k]) ++k;
  if (k == 0) return std::nullopt;
  const auto differences = sorted_differences(first, second);
  return Interval{differences[k - 1], differences[differences.size() - k]};
}

double rank_sum_shift(std::span<const double> first, std::span<const double> second) {
  return median_of_sorted(sorted_differences(first, second));
}

double drift(std::span<const double> values) {
  if (values.size() < 3) return 0;
  const auto ranks = ranks_of(values);
  const double middle = (static_cast<double>(values.size()) + 1) / 2;
  double covariance = 0;
  double variance = 0;
  double order_variance = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const double rank = ranks[i] - middle;
    const double order = static_cast<double>(i + 1) - middle;
    covariance += rank * order;
    variance += rank * rank;
    order_variance += order * order;
  }
  return variance == 0 ? 0 : covariance / std::sqrt(variance * order_variance);
}

}  // namespace duelio::stats
