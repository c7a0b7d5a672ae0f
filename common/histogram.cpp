#include "common/histogram.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <boost/json.hpp>

namespace duelio {

namespace json = boost::json;

void Histogram::add(const Histogram& other) noexcept {
  for (std::uint32_t i = other.first(); i < other.end(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() noexcept {
  for (std::uint32_t i = first(); i < end(); ++i) counts_[i] = 0;
  count_ = 0;
  sum_ = 0;
  min_ = max_value;
  max_ = 0;
}

double Histogram::mean() const noexcept {
  return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

std::uint64_t Histogram::quantile(double quantile) const noexcept {
  if (count_ == 0) return 0;
  // The tolerance keeps 0.99 * 100 = 99.00000000000001 at rank 99.
  const double exact_rank = quantile * static_cast<double>(count_);
  const auto rank = std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::ceil(exact_rank - 1e-9 * exact_rank)), 1, count_);
  std::uint64_t seen = 0;
  for (std::uint32_t i = first(); i < end(); ++i) {
    seen += counts_[i];
    if (seen >= rank) {
      const std::uint64_t lower = lower_bound(i);
      return std::clamp(lower + (lower_bound(i + 1) - lower) / 2, min_, max_);
    }
  }
  return max_;
}

json::object Histogram::to_json() const {
  json::array buckets;
  for (std::uint32_t i = first(); i < end(); ++i) {
    if (counts_[i] != 0) buckets.push_back(json::array{i, counts_[i]});
  }
  return {{"count", count_},
          {"sum", sum_},
          {"min", min()},
          {"max", max_},
          {"buckets", std::move(buckets)}};
}

void Histogram::assign(const json::object& object) {
  clear();
  try {
    const auto count = object.at("count").to_number<std::uint64_t>();
    if (count > 0) {
      const auto max = object.at("max").to_number<std::uint64_t>();
      if (max > max_value) throw std::invalid_argument("histogram max out of range");
      min_ = object.at("min").to_number<std::uint64_t>();
      max_ = max;
    }
    for (const json::value& bucket : object.at("buckets").as_array()) {
      const auto index = bucket.at(0).to_number<std::uint32_t>();
      if (index < first() || index >= end())
        throw std::invalid_argument("histogram has counts beyond its min or max");
      const auto times = bucket.at(1).to_number<std::uint64_t>();
      counts_[index] += times;
      count_ += times;
    }
    if (count != count_) throw std::invalid_argument("histogram count differs from its buckets");
    sum_ = object.at("sum").to_number<std::uint64_t>();
  } catch (const std::invalid_argument&) {
    clear();
    throw;
  } catch (const std::exception& error) {
    clear();
    throw std::invalid_argument(std::string("histogram: ") + error.what());
  }
}

Histogram Histogram::from_json(const json::value& value) {
  if (!value.is_object()) throw std::invalid_argument("histogram: is not an object");
  Histogram histogram;
  histogram.assign(value.get_object());
  return histogram;
}

}  // namespace duelio
