#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include <sys/types.h>

namespace duelio::os {

// Restricts the calling thread, and threads it starts later, to these CPUs. Throws
// std::system_error.
void pin_this_thread(const std::vector<int>& cpus);

// CPUs that this process may run on, ascending.
std::vector<int> allowed_cpus();

// CLOCK_MONOTONIC in nanoseconds.
std::int64_t monotonic_ns() noexcept;

// CPU time (user + system) of a whole process, all threads, dead ones included, in nanoseconds:
// clock_getcpuclockid(3). Throws std::system_error when there is no such process.
std::int64_t process_cpu_ns(pid_t pid);

// CPU time of the calling thread in nanoseconds.
std::int64_t thread_cpu_ns() noexcept;

}  // namespace duelio::os
