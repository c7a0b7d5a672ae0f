#include "compare/merge.h"

#include <algorithm>
#include <cmath>

namespace duelio::compare {

namespace {

void add_failures(std::vector<results::Failure>& all, const std::vector<results::Failure>& some) {
  for (const results::Failure& each : some) {
    const auto same = std::find_if(all.begin(), all.end(), [&](const results::Failure& other) {
      return other.kind == each.kind && other.error == each.error;
    });
    if (same == all.end()) {
      all.push_back(each);
    } else {
      same->count += each.count;
    }
  }
}

// Of what was counted between these edges, what fell into a time as long as `common_ns` within
// them, for a load that is stationary.
double share_in(const Edges& edges, std::int64_t common_ns) {
  const std::int64_t length_ns = edges.end_ns - edges.begin_ns;
  return length_ns <= 0 ? 0 : static_cast<double>(common_ns) / static_cast<double>(length_ns);
}

}  // namespace

MergedWindow merge(const std::vector<GeneratorPart>& generators, const ServerPart& server,
                   std::int64_t clock_bound_ns) {
  Edges first = server.edges;  // of all
  Edges last = server.edges;
  Edges common = generators.front().edges;
  MergedWindow merged;
  WindowReport& all = merged.report;
  std::int64_t late_ns = server.late_ns;
  for (const GeneratorPart& each : generators) {
    first = {std::min(first.begin_ns, each.edges.begin_ns),
             std::min(first.end_ns, each.edges.end_ns)};
    last = {std::max(last.begin_ns, each.edges.begin_ns), std::max(last.end_ns, each.edges.end_ns)};
    common = {std::max(common.begin_ns, each.edges.begin_ns),
              std::min(common.end_ns, each.edges.end_ns)};
    late_ns = std::max(late_ns, each.late_ns);
  }
  const std::int64_t common_ns = std::max<std::int64_t>(common.end_ns - common.begin_ns, 1);
  all.length_s = static_cast<double>(common_ns) * 1e-9;
  double finished = 0;
  double apart_s =
      static_cast<double>(std::max(last.begin_ns - first.begin_ns, last.end_ns - first.end_ns) +
                          2 * clock_bound_ns) *
      1e-9;
  for (const GeneratorPart& each : generators) {
    const WindowReport& one = each.report;
    all.scheduled += one.scheduled;
    all.completed += one.completed;
    finished += static_cast<double>(one.finished) * share_in(each.edges, common_ns);
    all.generator_share = std::max(all.generator_share, one.generator_share);
    all.dispatch_lag_p50_ns = std::max(all.dispatch_lag_p50_ns, one.dispatch_lag_p50_ns);
    apart_s = std::max(apart_s, one.edges_apart_s.value_or(0));
    add_failures(all.failures, one.failures);
    all.latency.add(one.latency);
    all.samples_ns.insert(all.samples_ns.end(), one.samples_ns.begin(), one.samples_ns.end());
  }
  all.finished = static_cast<std::uint64_t>(std::llround(finished));
  all.edges_apart_s = apart_s;
  all.server_cpu_ns =
      std::llround(static_cast<double>(server.cpu_ns) * share_in(server.edges, common_ns));
  merged.across = {.start_skew_ns = last.begin_ns - first.begin_ns,
                   .clock_bound_ns = clock_bound_ns,
                   .late_ns = late_ns,
                   .server_irq_ns = server.irq_ns};
  return merged;
}

std::uint64_t seed_of(std::uint64_t window, std::size_t generator) noexcept {
  if (generator == 0) return window;
  // SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): neighbours in, strangers out. 32 bits, as the
  // window's own.
  std::uint64_t mixed = window + generator * 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111eb;
  return (mixed ^ (mixed >> 31U)) >> 32U;
}

}  // namespace duelio::compare
