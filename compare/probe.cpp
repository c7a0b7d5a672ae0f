#include "compare/probe.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <boost/json.hpp>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/os/cpu.h"
#include "common/os/error.h"

namespace duelio::compare {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

constexpr const char* tracepoint_file = "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id";

std::string read_file(const std::string& name) {
  std::ifstream file(name);
  std::ostringstream text;
  text << file.rdbuf();
  std::string content = text.str();
  while (!content.empty() && content.back() == '\n') content.pop_back();
  return content;
}

std::int64_t ticks_to_ns(std::int64_t ticks) {
  return ticks * (1'000'000'000 / sysconf(_SC_CLK_TCK));
}

// The number behind "name:" in a /proc file.
std::uint64_t field(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name + ":");
  return at == std::string::npos ? 0
                                 : std::strtoull(text.c_str() + at + name.size() + 2, nullptr, 10);
}

void read_process(pid_t pid, Sample& sample) {
  const std::string folder = "/proc/" + std::to_string(pid);
  // The second field of stat is the program's name in parentheses and may hold anything.
  const std::string stat = read_file(folder + "/stat");
  std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 1, stat.size())));
  std::string skipped;
  std::uint64_t minor = 0;
  std::uint64_t major = 0;
  std::int64_t user = 0;
  std::int64_t system = 0;
  for (int i = 0; i < 7; ++i) fields >> skipped;
  fields >> minor >> skipped >> major >> skipped >> user >> system;
  sample.faults = minor + major;
  sample.user_ns = ticks_to_ns(user);
  sample.system_ns = ticks_to_ns(system);
  sample.rss_bytes = field(read_file(folder + "/status"), "VmRSS") * 1024;
  std::error_code error;
  for (const auto& task : fs::directory_iterator(folder + "/task", error)) {
    const std::string status = read_file(task.path().string() + "/status");
    sample.voluntary_switches += field(status, "voluntary_ctxt_switches");
    sample.involuntary_switches += field(status, "nonvoluntary_ctxt_switches");
  }
}

void read_machine(const std::vector<int>& cpus, Sample& sample) {
  std::ifstream stat("/proc/stat");
  std::string line;
  while (std::getline(stat, line) && line.starts_with("cpu")) {
    std::istringstream fields(line);
    std::string name;
    std::int64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0,
                 steal = 0;
    fields >> name >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
    if (name == "cpu") {
      sample.machine_busy_ns = ticks_to_ns(user + nice + system + irq + softirq);
      sample.machine_steal_ns = ticks_to_ns(steal);
    } else if (std::find(cpus.begin(), cpus.end(), std::atoi(name.c_str() + 3)) != cpus.end()) {
      sample.idle_ns += ticks_to_ns(idle + iowait + steal);
    }
  }
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

CpuClock cpu_clock(pid_t pid) {
  const std::int64_t now = os::monotonic_ns();
  return {.at_ns = now, .cpu_ns = os::process_cpu_ns(pid)};
}

Sample sample(pid_t pid, const std::vector<int>& cpus) {
  Sample sample;
  static_cast<CpuClock&>(sample) = cpu_clock(pid);
  read_process(pid, sample);
  read_machine(cpus, sample);
  return sample;
}

std::string_view name_of(Event event) noexcept {
  switch (event) {
    case Event::syscalls:
      return "syscalls";
    case Event::instructions:
      return "instructions";
    case Event::cache_misses:
      return "cache_misses";
  }
  return {};
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
  return "perf_event_open: " + name + " (sysctl kernel.perf_event_paranoid=-1, or CAP_PERFMON)";
}

std::vector<Event> countable_events() {
  std::vector<Event> events{Event::syscalls, Event::instructions, Event::cache_misses};
  std::erase_if(events, [](Event event) { return !why_not(event).empty(); });
  return events;
}

EventCounter::EventCounter(Event event, pid_t pid) {
  std::error_code error;
  for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
    os::UniqueFd descriptor(open_event(event, std::atoi(task.path().filename().c_str())));
    if (descriptor) events_.push_back(std::move(descriptor));
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

json::object describe_machine() {
  utsname kernel{};
  uname(&kernel);
  const std::string cpuinfo = read_file("/proc/cpuinfo");
  std::string model = "unknown";
  if (const std::size_t at = cpuinfo.find("model name"); at != std::string::npos) {
    const std::size_t begin = cpuinfo.find(": ", at) + 2;
    model = cpuinfo.substr(begin, cpuinfo.find('\n', begin) - begin);
  }
  json::array mitigations;
  std::error_code error;
  for (const auto& file :
       fs::directory_iterator("/sys/devices/system/cpu/vulnerabilities", error)) {
    const std::string text = read_file(file.path().string());
    if (text.starts_with("Mitigation"))
      mitigations.emplace_back(file.path().filename().string() + ": " + text);
  }
  const std::string governor = read_file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  const std::string uring = read_file("/proc/sys/kernel/io_uring_disabled");
  const auto availability = [](Event event) {
    const std::string reason = why_not(event);
    return reason.empty() ? json::value("available") : json::value("not available: " + reason);
  };
  const auto or_null = [](const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
  };
  return {{"cpu", model},
          {"cpus", sysconf(_SC_NPROCESSORS_ONLN)},
          {"memory_bytes", sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE)},
          {"hypervisor", cpuinfo.find(" hypervisor") != std::string::npos},
          {"kernel", std::string(kernel.sysname) + " " + kernel.release},
          {"clocksource",
           read_file("/sys/devices/system/clocksource/clocksource0/current_clocksource")},
          {"governor", or_null(governor)},
          {"mitigations", std::move(mitigations)},
          {"io_uring_disabled", or_null(uring)},
          {"syscall_counts", availability(Event::syscalls)},
          {"hardware_counters", availability(Event::instructions)}};
}

}  // namespace duelio::compare
