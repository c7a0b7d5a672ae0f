#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <sys/types.h>

#include "common/os/unique_fd.h"

// What the kernel knows of a server process and of the machine.
namespace duelio::compare {

// A process's CPU time at one moment.
struct CpuClock {
  std::int64_t at_ns = 0;   // CLOCK_MONOTONIC
  std::int64_t cpu_ns = 0;  // process CPU clock
};

// Throws std::system_error when there is no such process.
CpuClock cpu_clock(pid_t pid);

// Counters of a process, all threads, and of the machine at one moment. Differences of two are what
// a phase cost.
struct Sample : CpuClock {
  std::int64_t user_ns =
      0;  // /proc/PID/stat: the split has a resolution of a tick, its sum is exact
  std::int64_t system_ns = 0;
  std::uint64_t faults = 0;  // minor and major
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
  std::uint64_t rss_bytes = 0;
  std::int64_t machine_busy_ns = 0;  // /proc/stat, all CPUs
  std::int64_t machine_steal_ns = 0;
  std::int64_t idle_ns = 0;  // of the CPUs that were named, and what the hypervisor took of them
};

// Throws std::system_error when there is no such process. `cpus`: whose idle time is wanted.
Sample sample(pid_t pid, const std::vector<int>& cpus = {});

// What perf_event_open(2) counts: the tracepoint raw_syscalls:sys_enter, and two counters of the
// CPU, user and kernel.
enum class Event : std::uint8_t { syscalls, instructions, cache_misses };
std::string_view name_of(Event event) noexcept;

// Empty when this machine permits it, otherwise why not and what to do.
std::string why_not(Event event);

// Those that this machine permits.
std::vector<Event> countable_events();

// Counts what the threads of a process cause, also those that it starts later. Counting system
// calls costs the process time at each call, so it is done in a phase of its own.
class EventCounter {
 public:
  // Counts nothing when the process is gone.
  EventCounter(Event event, pid_t pid);
  std::uint64_t read() const noexcept;

 private:
  std::vector<os::UniqueFd> events_;  // one for each thread
};

// For the manifest: CPU, kernel, clock source, mitigations, limits.
boost::json::object describe_machine();

}  // namespace duelio::compare
