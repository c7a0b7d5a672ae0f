#include "common/os/cpu.h"

#include <ctime>
#include <memory>
#include <string>

#include <pthread.h>
#include <sched.h>

#include "common/os/error.h"

namespace duelio::os {
namespace {

constexpr int max_cpus = 4096;

// cpu_set_t itself ends at CPU 1023.
struct CpuSet {
  CpuSet() : set(CPU_ALLOC(max_cpus)), size(CPU_ALLOC_SIZE(max_cpus)) { CPU_ZERO_S(size, set); }
  ~CpuSet() { CPU_FREE(set); }
  CpuSet(const CpuSet&) = delete;
  CpuSet& operator=(const CpuSet&) = delete;
  cpu_set_t* set;
  std::size_t size;
};

std::int64_t read_clock(clockid_t clock) noexcept {
  timespec time{};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

void pin_this_thread(const std::vector<int>& cpus) {
  const CpuSet wanted;
  std::string names;
  for (const int cpu : cpus) {
    CPU_SET_S(static_cast<std::size_t>(cpu), wanted.size, wanted.set);
    names += (names.empty() ? "" : ",") + std::to_string(cpu);
  }
  const int error = pthread_setaffinity_np(pthread_self(), wanted.size, wanted.set);
  if (error != 0) throw_errno("pin to CPU " + names, error);
}

std::vector<int> allowed_cpus() {
  const CpuSet allowed;
  if (sched_getaffinity(0, allowed.size, allowed.set) != 0) throw_errno("sched_getaffinity");
  std::vector<int> cpus;
  for (int cpu = 0; cpu < max_cpus; ++cpu) {
    if (CPU_ISSET_S(static_cast<std::size_t>(cpu), allowed.size, allowed.set)) cpus.push_back(cpu);
  }
  return cpus;
}

std::int64_t monotonic_ns() noexcept {
  return read_clock(CLOCK_MONOTONIC);
}

std::int64_t process_cpu_ns(pid_t pid) {
  clockid_t clock{};
  const int error = clock_getcpuclockid(pid, &clock);
  if (error != 0) throw_errno("CPU clock of process " + std::to_string(pid), error);
  timespec time{};
  if (clock_gettime(clock, &time) != 0) {
    throw_errno("CPU clock of process " + std::to_string(pid));
  }
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::int64_t thread_cpu_ns() noexcept {
  return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

}  // namespace duelio::os
