#include "results/metrics.h"

#include <array>

namespace duelio {

std::span<const Metric> metrics() noexcept {
  static constexpr std::array all{
      Metric{"cpu", "open", "server_cpu_per_request_ns",
             "server CPU per request at the offered rate", "less CPU per request",
             "more CPU per request", "ns", true, true},
      Metric{"rate", "closed", "rate", "throughput, closed loop", "lower throughput",
             "higher throughput", "1/s", false},
      Metric{"cpu-closed", "closed", "server_cpu_per_request_ns",
             "server CPU per request, closed loop", "less CPU per request when saturated",
             "more CPU per request when saturated", "ns"},
      Metric{"p50", "open", "p50_ns", "median latency at the offered rate", "lower median latency",
             "higher median latency", "ns"},
      Metric{"p99", "open", "p99_ns", "p99 latency at the offered rate", "lower p99 latency",
             "higher p99 latency", "ns"},
      Metric{"syscalls", "counted", "syscalls_per_request", "system calls per request, closed loop",
             "fewer system calls per request", "more system calls per request", "1", true, true},
  };
  return all;
}

}  // namespace duelio
