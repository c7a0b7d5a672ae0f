#include "loadgen/thread_usage.h"

#include <fstream>

#include <sys/resource.h>

#include "common/os/cpu.h"

namespace duelio::loadgen {
namespace {

std::int64_t to_ns(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_usec * 1000;
}

}  // namespace

ThreadUsage ThreadUsage::now() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  std::int64_t on_cpu_ns = 0;
  std::int64_t delay_ns = 0;
  std::ifstream("/proc/thread-self/schedstat") >> on_cpu_ns >> delay_ns;
  return {.cpu_ns = os::thread_cpu_ns(),
          .user_ns = to_ns(usage.ru_utime),
          .system_ns = to_ns(usage.ru_stime),
          .run_delay_ns = delay_ns};
}

}  // namespace duelio::loadgen
