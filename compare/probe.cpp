#include "compare/probe.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/os/error.h"

namespace duelio::compare {

namespace fs = std::filesystem;

namespace {

constexpr const char* tracepoint_file = "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id";

std::string folder_of(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

// -1 and errno when it cannot be had.
int open_event(Event event, pid_t tid) {
  perf_event_attr attribute{};
  attribute.size = sizeof attribute;
  attribute.inherit = 1;  // threads that are started later count too
  attribute.type = PERF_TYPE_HARDWARE;
  if (event == Event::syscalls) {
    attribute.type = PERF_TYPE_TRACEPOINT;
    if (!(std::ifstream(tracepoint_file) >> attribute.config)) {
      errno = EACCES;
      return -1;
    }
  } else {
    attribute.config =
        event == Event::instructions ? PERF_COUNT_HW_INSTRUCTIONS : PERF_COUNT_HW_CACHE_MISSES;
  }
  return static_cast<int>(
      ::syscall(SYS_perf_event_open, &attribute, tid, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

}  // namespace

std::string first_line(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  std::replace(line.begin(), line.end(), '\t', ' ');
  return line;
}

std::string vulnerabilities(std::string_view state) {
  std::vector<std::string> all;
  std::error_code error;
  for (const auto& file :
       std::filesystem::directory_iterator("/sys/devices/system/cpu/vulnerabilities", error)) {
    const std::string line = first_line(file.path().string());
    if (line.starts_with(state)) all.push_back(file.path().filename().string() + ": " + line);
  }
  std::sort(all.begin(), all.end());
  std::string text;
  for (const std::string& each : all) text += (text.empty() ? "" : "; ") + each;
  return text;
}

std::uint64_t rss_bytes(pid_t pid) {
  std::uint64_t size = 0;
  std::uint64_t resident = 0;  // in pages
  std::ifstream(folder_of(pid) + "/statm") >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::vector<ThreadTimes> thread_times(pid_t pid) {
  std::vector<ThreadTimes> all;
  std::error_code error;
  for (const auto& task : fs::directory_iterator(folder_of(pid) + "/task", error)) {
    ThreadTimes times{.id = std::atoi(task.path().filename().c_str())};
    std::ifstream(task.path() / "schedstat") >> times.cpu_ns >> times.delay_ns;
    all.push_back(times);
  }
  return all;
}

std::int64_t longest_delay_ns(const std::vector<ThreadTimes>& before,
                              const std::vector<ThreadTimes>& after) {
  std::int64_t longest = 0;
  for (const ThreadTimes& thread : after) {
    const auto same = std::find_if(before.begin(), before.end(),
                                   [&](const auto& other) { return other.id == thread.id; });
    longest = std::max(longest, thread.delay_ns - (same == before.end() ? 0 : same->delay_ns));
  }
  return longest;
}

std::size_t threads_of(pid_t pid) {
  std::error_code error;
  const fs::directory_iterator tasks(folder_of(pid) + "/task", error);
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

namespace {

struct CpuTicks {
  std::int64_t interrupts = 0;
  std::int64_t steal = 0;
};

CpuTicks ticks_of(const std::vector<int>& cpus) {
  CpuTicks ticks;
  std::ifstream stream("/proc/stat");
  for (std::string line; std::getline(stream, line) && line.starts_with("cpu");) {
    std::string name;
    std::int64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0,
                 steal = 0;
    std::istringstream(line) >> name >> user >> nice >> system >> idle >> iowait >> irq >>
        softirq >> steal;
    const bool is_wanted = std::any_of(
        cpus.begin(), cpus.end(), [&](int cpu) { return name == "cpu" + std::to_string(cpu); });
    if (!is_wanted) continue;
    ticks.interrupts += irq + softirq;
    ticks.steal += steal;
  }
  return ticks;
}

std::int64_t tick_ns() {
  return 1'000'000'000 / sysconf(_SC_CLK_TCK);
}

}  // namespace

std::int64_t steal_ns(const std::vector<int>& cpus) {
  return ticks_of(cpus).steal * tick_ns();
}

std::int64_t interrupts_ns(const std::vector<int>& cpus) {
  return ticks_of(cpus).interrupts * tick_ns();
}

std::string why_not(Event event) {
  std::uint64_t id = 0;
  if (event == Event::syscalls && !(std::ifstream(tracepoint_file) >> id)) {
    return "no access to " + std::string(tracepoint_file) +
           " (as root: mount -t tracefs nodev /sys/kernel/tracing)";
  }
  const os::UniqueFd descriptor(open_event(event, 0));
  if (descriptor) return {};
  const std::string name(os::errno_name(errno));
  if (errno == ENOENT || errno == EOPNOTSUPP || errno == ENODEV)
    return "perf_event_open: " + name +
           " (this CPU shows no counters, as in most virtual machines)";
  return "perf_event_open: " + name +
         " (sysctl kernel.perf_event_paranoid=-1, or CAP_PERFMON; in a container also a seccomp "
         "profile that allows it)";
}

std::vector<Event> countable_events() {
  std::vector<Event> events{Event::syscalls, Event::instructions, Event::cache_misses};
  std::erase_if(events, [](Event event) { return !why_not(event).empty(); });
  return events;
}

EventCounter::EventCounter(Event event, const std::vector<pid_t>& processes) {
  for (const pid_t pid : processes) {
    std::error_code error;
    for (const auto& task : fs::directory_iterator(folder_of(pid) + "/task", error)) {
      os::UniqueFd descriptor(open_event(event, std::atoi(task.path().filename().c_str())));
      if (descriptor) events_.push_back(std::move(descriptor));
    }
  }
}

std::uint64_t EventCounter::read() const noexcept {
  std::uint64_t sum = 0;
  for (const os::UniqueFd& event : events_) {
    std::uint64_t count = 0;
    if (::read(event.get(), &count, sizeof count) == sizeof count) sum += count;
  }
  return sum;
}

}  // namespace duelio::compare
