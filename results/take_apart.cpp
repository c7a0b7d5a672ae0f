#include "results/take_apart.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/thresholds.h"

namespace duelio::results {
namespace {

using Blocks = std::vector<std::vector<double>>;

double share_of(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

// The samples of one side: of all blocks together, and of all but one.
class Side {
 public:
  Side(const Blocks& blocks, const std::vector<double>& all)
      : blocks_(blocks), all_(all), sums_(blocks.front().size(), 0) {
    for (const auto& block : blocks) {
      if (all.empty()) all_.push_back(std::accumulate(block.begin(), block.end(), 0.0));
      for (std::size_t cause = 0; cause < sums_.size(); ++cause) sums_[cause] += block[cause];
    }
    sum_ = std::accumulate(all_.begin(), all_.end(), 0.0);
  }

  double share(std::size_t cause) const { return share_of(sums_[cause], sum_); }
  double share_without(std::size_t block, std::size_t cause) const {
    return share_of(sums_[cause] - blocks_[block][cause], sum_ - all_[block]);
  }

 private:
  const Blocks& blocks_;
  std::vector<double> all_;   // by block
  std::vector<double> sums_;  // by cause
  double sum_ = 0;
};

// Of an estimate, by those that leave out each of the blocks (Efron and Stein, 1981).
double variance(const std::vector<double>& without) {
  const double centre = stats::mean(without);
  double squares = 0;
  for (const double each : without) squares += (each - centre) * (each - centre);
  const auto n = static_cast<double>(without.size());
  return squares * (n - 1) / n;
}

double entry_ns(const Timed& timed, double sum, std::size_t blocks) {
  return timed.base_ns * std::exp(sum / static_cast<double>(blocks));
}

double variance_of_entry(const Timed& timed) {
  const double sum = std::accumulate(timed.log_ratios.begin(), timed.log_ratios.end(), 0.0);
  std::vector<double> without;
  without.reserve(timed.log_ratios.size());
  for (const double each : timed.log_ratios)
    without.push_back(entry_ns(timed, sum - each, timed.log_ratios.size() - 1));
  return variance(without);
}

}  // namespace

std::vector<Part> differences(const Timed& timed, const Sampled& sampled, double alpha) {
  const std::size_t blocks = std::min(timed.log_ratios.size(), sampled.entry.size());
  if (blocks == 0 || sampled.causes.empty()) return {};
  const double sum = std::accumulate(timed.log_ratios.begin(), timed.log_ratios.end(), 0.0);
  const double of_entry = entry_ns(timed, sum, timed.log_ratios.size());
  const Side entry(sampled.entry, sampled.all_of_entry);
  const Side base(sampled.base, sampled.all_of_base);
  std::vector<Part> parts;
  parts.reserve(sampled.causes.size());
  for (std::size_t cause = 0; cause < sampled.causes.size(); ++cause) {
    Part part{.cause = sampled.causes[cause],
              .entry_ns = of_entry * entry.share(cause),
              .base_ns = timed.base_ns * base.share(cause)};
    part.difference_ns = part.entry_ns - part.base_ns;
    parts.push_back(std::move(part));
  }
  if (blocks < thresholds::fewest_blocks) return parts;
  const double probability = thresholds::nominal(alpha) / 2 / static_cast<double>(parts.size());
  const double reach = -stats::student_quantile(probability, static_cast<double>(blocks - 1));
  const double timed_variance = variance_of_entry(timed);
  std::vector<double> without(sampled.entry.size());
  for (std::size_t cause = 0; cause < parts.size(); ++cause) {
    for (std::size_t block = 0; block < without.size(); ++block)
      without[block] = of_entry * entry.share_without(block, cause) -
                       timed.base_ns * base.share_without(block, cause);
    const double share = entry.share(cause);
    const double error = std::sqrt(share * share * timed_variance + variance(without));
    const double centre = parts[cause].difference_ns;
    parts[cause].interval = {centre - reach * error, centre + reach * error};
  }
  return parts;
}

std::vector<Part> take_apart(const Timed& timed, const Sampled& sampled, double alpha) {
  std::vector<Part> parts = differences(timed, sampled, alpha);
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return std::abs(a.difference_ns) > std::abs(b.difference_ns);
  });
  return parts;
}

}  // namespace duelio::results
