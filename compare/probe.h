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

// The first line of a file of /proc or /sys, with blanks for tabs; empty where there is none.
std::string first_line(const std::string& file);

// Of /sys/devices/system/cpu/vulnerabilities what begins with this state ("Mitigation",
// "Vulnerable"), in one order whatever that of the folder: "meltdown: Mitigation: PTI; ...".
std::string vulnerabilities(std::string_view state);

std::uint64_t rss_bytes(pid_t pid);

// What the threads of a process have had, since they began: /proc/PID/task/*/schedstat.
struct ThreadTimes {
  pid_t id = 0;
  std::int64_t cpu_ns = 0;
  std::int64_t delay_ns = 0;  // ready to run but without a CPU
};
std::vector<ThreadTimes> thread_times(pid_t pid);
std::size_t threads_of(pid_t pid);

// Of the thread that waited longest for a CPU between the two; one that is in the second only has
// begun meanwhile.
std::int64_t longest_delay_ns(const std::vector<ThreadTimes>& before,
                              const std::vector<ThreadTimes>& after);

// CPU time that the hypervisor took from these CPUs: /proc/stat, in ticks of 10 ms.
std::int64_t steal_ns(const std::vector<int>& cpus);

// CPU time that went into interrupts and what they left to do (irq and softirq), likewise.
std::int64_t interrupts_ns(const std::vector<int>& cpus);

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
