#include "results/threads.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <set>

#include "common/thresholds.h"
#include "common/units.h"
#include "results/statistics.h"

namespace duelio::results {
namespace {

// How many connections the fullest thread of a lane had, over the threads' mean. None where all
// threads serve one set, for who accepts there need not serve, and where it is not known.
std::optional<double> fullest_queue(const Lane& lane) {
  if (!lane.threads || lane.sharing.value_or("shared") == "shared") return std::nullopt;
  std::vector<double> connections;
  connections.reserve(lane.threads->size());
  for (const LaneThread& thread : *lane.threads)
    connections.push_back(static_cast<double>(thread.accepts));
  return largest_over_mean(connections);
}

double log_queue(const Block& block, std::string_view entry, Role role) {
  for (const Lane& lane : block.lanes) {
    if (lane.entry == entry && lane.role == role) return std::log(fullest_queue(lane).value_or(1));
  }
  return 0;
}

std::vector<double> fullest_queues(const Run& run, std::string_view entry) {
  std::vector<double> all;
  for (const Block& block : run.blocks) {
    for (const Lane& lane : block.lanes) {
      const auto queue = lane.entry == entry ? fullest_queue(lane) : std::nullopt;
      if (queue) all.push_back(*queue);
    }
  }
  return all;
}

// The share of the variance of one that goes with the other: the square of their correlation.
double explained_share(const std::vector<double>& x, const std::vector<double>& y) {
  const double mean_x = stats::mean(x);
  const double mean_y = stats::mean(y);
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  constexpr double nothing = 1e-12;  // where all are equal but for rounding
  return xx < nothing || yy < nothing ? 0 : xy * xy / (xx * yy);
}

// What an entry's blocks differ by from the reference's at one load, and how much of that goes with
// their queues; the reference's own is its second lane's.
class Noise {
 public:
  Noise(const Layout& layout, const Run& run, const EntrySpec& entry, const Judgement& judgement)
      : judgement_(&judgement) {
    const std::string& reference = run.manifest.reference;
    const bool is_reference = entry.name == reference;
    const auto first = layout.lane_of(reference, Role::reference);
    const std::vector<std::size_t> lanes =
        is_reference ? std::vector{layout.control()} : layout.lanes_of(entry.name);
    const std::vector<std::size_t> base =
        is_reference ? std::vector{first} : layout.lanes_of(reference);
    std::size_t load = 0;
    while (run.manifest.plan.loads[load].id != judgement.load.id) ++load;
    std::vector<double> queues;
    std::vector<double> ratios;
    for (std::size_t block = 0; block < layout.blocks(); ++block) {
      const auto ratio = block_estimate(layout.logs(*judgement.metric, block, load), lanes, base);
      if (!ratio) continue;
      const auto queue = [&](Role role) { return log_queue(run.blocks[block], reference, role); };
      queues.push_back(is_reference ? queue(Role::control) - queue(Role::reference)
                                    : log_queue(run.blocks[block], entry.name, Role::candidate) -
                                          (queue(Role::control) + queue(Role::reference)) / 2);
      ratios.push_back(*ratio);
    }
    blocks_ = ratios.size();
    if (blocks_ >= thresholds::fewest_blocks) share_ = explained_share(queues, ratios);
  }

  double share() const noexcept { return share_; }

  // It is the largest part, and more than chance would show somewhere among so many.
  bool is_largest(std::size_t tests) const {
    if (share_ < thresholds::largest_noise) return false;
    const auto degrees = static_cast<double>(blocks_ - 2);
    const double t = std::sqrt(share_ * degrees / std::max(1 - share_, 1e-12));
    const double alpha = thresholds::alpha / static_cast<double>(tests);
    return t > -stats::student_quantile(alpha / 2, degrees);
  }

  std::string sentence(const std::string& entry) const {
    return "uneven queues were the largest noise of " + entry + " in " +
           std::string(judgement_->metric->title) + " at " + judgement_->load.id + ": " +
           format_percent(share_) + " of the variance between its blocks goes with them";
  }

 private:
  const Judgement* judgement_;
  std::size_t blocks_ = 0;
  double share_ = 0;
};

std::string sentence_about(const EntrySpec& entry, const std::vector<double>& queues) {
  std::array<char, 128> numbers{};
  std::snprintf(numbers.data(), numbers.size(), "%.2f times the mean of connections (%.2f to %.2f)",
                stats::median(queues), *std::min_element(queues.begin(), queues.end()),
                *std::max_element(queues.begin(), queues.end()));
  return "uneven queues: the fullest of " + entry.name + "'s " + std::to_string(entry.threads) +
         " threads had " + numbers.data();
}

}  // namespace

std::optional<double> largest_over_mean(const std::vector<double>& values) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  if (sum <= 0) return std::nullopt;
  return *std::max_element(values.begin(), values.end()) * static_cast<double>(values.size()) / sum;
}

std::vector<std::string> warnings_about_cpus(const Manifest& manifest) {
  std::vector<std::string> warnings;
  const Plan& plan = manifest.plan;
  unsigned threads = 1;
  for (const EntrySpec& entry : manifest.entries) threads = std::max(threads, entry.threads);
  if (threads > plan.server_cpus.size() && !plan.server_cpus.empty()) {
    warnings.push_back(std::to_string(threads) + " threads of a server had " +
                       std::to_string(plan.server_cpus.size()) +
                       (plan.server_cpus.size() == 1 ? " CPU" : " CPUs") +
                       " and took turns there: nothing is said of how it scales");
  }
  std::set<int> used(plan.server_cpus.begin(), plan.server_cpus.end());
  used.insert(plan.client_cpus.begin(), plan.client_cpus.end());
  const auto& quota = manifest.machine.quota_cpus;
  if (quota && *quota < static_cast<double>(used.size())) {
    warnings.push_back("a cgroup let it use the time of " + format_count(*quota) +
                       " CPUs, and it used " + std::to_string(used.size()) +
                       ": the kernel stopped it again and again");
  }
  return warnings;
}

std::vector<std::string> warnings_about_queues(const Layout& layout, const JudgedRun& judged) {
  struct Suspect {
    const EntrySpec* entry;
    Noise worst;
  };
  std::vector<std::string> warnings;
  std::vector<Suspect> suspects;
  std::size_t tests = 0;
  for (const EntrySpec& entry : judged.run.manifest.entries) {
    const std::vector<double> queues = fullest_queues(judged.run, entry.name);
    if (queues.empty() || stats::median(queues) < thresholds::uneven_queues) continue;
    warnings.push_back(sentence_about(entry, queues));
    std::optional<Noise> worst;
    for (const Judgement& judgement : judged.judgements) {
      if (judgement.metric->of_window == nullptr) continue;
      const Noise noise(layout, judged.run, entry, judgement);
      ++tests;
      if (!worst || noise.share() > worst->share()) worst = noise;
    }
    if (worst) suspects.push_back({&entry, *worst});
  }
  for (const Suspect& suspect : suspects) {
    if (suspect.worst.is_largest(tests))
      warnings.push_back(suspect.worst.sentence(suspect.entry->name));
  }
  return warnings;
}

}  // namespace duelio::results
