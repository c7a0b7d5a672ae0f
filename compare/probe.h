#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "common/os/unique_fd.h"

// What the kernel knows of a process and of the machine. Nothing here throws: what is gone counts
// nothing.
namespace duelio::compare {

std::uint64_t rss_bytes(pid_t pid);

// How long the threads of a process were ready to run but had no CPU: /proc/PID/task/*/schedstat.
std::int64_t run_delay_ns(pid_t pid);
std::size_t threads_of(pid_t pid);

// CPU time that the hypervisor took from these CPUs: /proc/stat, in ticks of 10 ms.
std::int64_t steal_ns(const std::vector<int>& cpus);

// What perf_event_open(2) counts: the tracepoint raw_syscalls:sys_enter, and two counters of the
// CPU, user and kernel.
enum class Event : std::uint8_t { syscalls, instructions, cache_misses };

// Empty when this machine permits it, otherwise why not and what to do.
std::string why_not(Event event);

// Those that this machine permits.
std::vector<Event> countable_events();

// Counts what the threads of a process cause, also those that it starts later. Counting system
// calls costs the process time at each call, so it is done in windows of its own.
class EventCounter {
 public:
  EventCounter(Event event, const std::vector<pid_t>& processes);
  std::uint64_t read() const noexcept;

 private:
  std::vector<os::UniqueFd> events_;  // one for each thread
};

}  // namespace duelio::compare
