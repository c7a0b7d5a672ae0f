#include "results/metrics.h"

#include <array>

#include "common/histogram.h"
#include "results/threads.h"

namespace duelio::results {
namespace {

std::optional<double> cpu_per_request(const Window& window) {
  if (window.finished == 0) return std::nullopt;
  return static_cast<double>(window.server_cpu_ns) / static_cast<double>(window.finished);
}

std::optional<double> rate(const Window& window) {
  if (window.length_s <= 0) return std::nullopt;
  return static_cast<double>(window.finished) / window.length_s;
}

// Of a window and not of the block's histogram: the windows of a turn are neighbours, so the
// machine's slow and fast minutes cancel, and a few hundred requests are enough for a median.
std::optional<double> median_latency(const Window& window) {
  return window.p50_ns;
}

// A tail needs the whole block: one window has a handful of requests in it.
template <int per_mille>
std::optional<double> tail_latency(const LaneLoad& lane) {
  constexpr double quantile = per_mille / 1000.0;
  static thread_local Histogram latency;
  latency.assign(lane.latency);
  if (!latency.supports(quantile)) return std::nullopt;
  return static_cast<double>(latency.quantile(quantile));
}

std::optional<double> syscalls(const LaneLoad& lane) {
  return lane.syscalls_per_request;
}

// The CPU time of the busiest thread over the threads' mean: 1 where all work alike, and their
// number where one does everything.
std::optional<double> imbalance(const LaneLoad& lane) {
  if (!lane.thread_cpu_ns || lane.thread_cpu_ns->empty()) return std::nullopt;
  return largest_over_mean({lane.thread_cpu_ns->begin(), lane.thread_cpu_ns->end()});
}

}  // namespace

std::span<const Metric> metrics() noexcept {
  static constexpr std::array all{
      Metric{.id = "cpu",
             .title = "server CPU per request",
             .less = "less CPU per request",
             .more = "more CPU per request",
             .unit = "ns",
             .of_window = cpu_per_request},
      Metric{.id = "rate",
             .title = "throughput",
             .less = "lower throughput",
             .more = "higher throughput",
             .unit = "1/s",
             .lower_is_better = false,
             .in_open_loop = false,
             .of_window = rate},
      Metric{.id = "p50",
             .title = "median latency",
             .less = "lower median latency",
             .more = "higher median latency",
             .unit = "ns",
             .in_closed_loop = false,
             .of_window = median_latency},
      Metric{.id = "p99",
             .title = "p99 latency",
             .less = "lower p99 latency",
             .more = "higher p99 latency",
             .unit = "ns",
             .in_closed_loop = false,
             .of_block = tail_latency<990>},
      Metric{.id = "p999",
             .title = "p99.9 latency",
             .less = "lower p99.9 latency",
             .more = "higher p99.9 latency",
             .unit = "ns",
             .in_closed_loop = false,
             .of_block = tail_latency<999>},
      Metric{.id = "imbalance",
             .title = "imbalance between threads",
             .less = "less imbalance between threads",
             .more = "more imbalance between threads",
             .unit = "1",
             .of_block = imbalance},
      Metric{.id = "syscalls",
             .title = "system calls per request",
             .less = "fewer system calls per request",
             .more = "more system calls per request",
             .unit = "1",
             .of_block = syscalls},
      Metric{.id = "instructions",
             .title = "instructions per request",
             .less = "fewer instructions per request",
             .more = "more instructions per request",
             .unit = "1",
             .of_block = [](const LaneLoad& lane) { return lane.instructions_per_request; }},
      Metric{.id = "cache-misses",
             .title = "cache misses per request",
             .less = "fewer cache misses per request",
             .more = "more cache misses per request",
             .unit = "1",
             .of_block = [](const LaneLoad& lane) { return lane.cache_misses_per_request; }},
  };
  return all;
}

}  // namespace duelio::results
