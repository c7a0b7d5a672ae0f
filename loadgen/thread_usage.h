#pragma once

#include <cstdint>

namespace duelio::loadgen {

// What the calling thread has used, in nanoseconds. Differences of two are what a window cost.
struct ThreadUsage {
  std::int64_t cpu_ns = 0;
  std::int64_t user_ns = 0;  // getrusage(2): their sum is less exact than cpu_ns
  std::int64_t system_ns = 0;
  std::int64_t run_delay_ns = 0;  // ready to run but waiting for a CPU: /proc/thread-self/schedstat

  static ThreadUsage now();
};

}  // namespace duelio::loadgen
