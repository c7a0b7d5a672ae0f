#include "results/change_points.h"

#include <algorithm>
#include <cmath>

#include "results/statistics.h"

namespace duelio::stats {
namespace {

constexpr std::size_t shortest_level = 2;

// From the differences of neighbours: a change of level is in one of them only, and the median
// passes it over.
double variance_between(std::span<const Measured> series) {
  constexpr double median_of_chi_squared = 0.4549;  // one degree of freedom
  std::vector<double> squares;
  std::vector<double> own;
  for (std::size_t i = 1; i < series.size(); ++i) {
    const Measured& a = series[i - 1];
    const Measured& b = series[i];
    squares.push_back((a.value - b.value) * (a.value - b.value));
    own.push_back(a.error * a.error + b.error * b.error);
  }
  return std::max(0.0, (median(squares) / median_of_chi_squared - mean(own)) / 2);
}

void add_changes(std::span<const Measured> series, std::size_t begin, std::size_t end,
                 double critical, Levels& levels) {
  std::size_t at = 0;
  double largest = critical;
  for (std::size_t i = begin + shortest_level; i + shortest_level <= end; ++i) {
    const Measured before = level(series.subspan(begin, i - begin), levels.between);
    const Measured after = level(series.subspan(i, end - i), levels.between);
    const double t = std::abs(after.value - before.value) / std::hypot(before.error, after.error);
    if (t <= largest) continue;
    largest = t;
    at = i;
  }
  if (at == 0) return;
  add_changes(series, begin, at, critical, levels);
  levels.changes.push_back(at);
  add_changes(series, at, end, critical, levels);
}

}  // namespace

Levels levels_of(std::span<const Measured> series, double alpha) {
  Levels levels;
  if (series.size() < 2 * shortest_level) return levels;
  levels.between = variance_between(series);
  const auto places = static_cast<double>(series.size() - 2 * shortest_level + 1);
  const double critical =
      -student_quantile(alpha / places / 2, static_cast<double>(series.size() - 2));
  add_changes(series, 0, series.size(), critical, levels);
  return levels;
}

Measured level(std::span<const Measured> part, double between) noexcept {
  double weights = 0;
  double sum = 0;
  for (const Measured& each : part) {
    // An error of nothing at all would be a weight without end.
    const double weight = 1 / std::max(each.error * each.error + between, 1e-12);
    weights += weight;
    sum += weight * each.value;
  }
  return {.value = sum / weights, .error = 1 / std::sqrt(weights)};
}

}  // namespace duelio::stats
