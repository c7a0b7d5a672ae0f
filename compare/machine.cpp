#include "compare/machine.h"

#include <chrono>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

#include <sys/utsname.h>
#include <unistd.h>

#include "common/version.h"
#include "compare/details.h"
#include "compare/probe.h"
#include "compare/process.h"
#include "compare/topology.h"

namespace duelio::compare {
namespace {

std::string availability(Event event) {
  const std::string reason = why_not(event);
  return reason.empty() ? "available" : "not available: " + reason;
}

}  // namespace

results::Machine describe_machine() {
  utsname kernel{};
  uname(&kernel);
  std::ostringstream text;
  text << std::ifstream("/proc/cpuinfo").rdbuf();
  const std::string cpuinfo = text.str();
  results::Machine machine{.cpu = "unknown"};
  if (const std::size_t at = cpuinfo.find("model name"); at != std::string::npos) {
    const std::size_t begin = cpuinfo.find(": ", at) + 2;
    machine.cpu = cpuinfo.substr(begin, cpuinfo.find('\n', begin) - begin);
  }
  machine.cpus = static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN));
  machine.hypervisor = cpuinfo.find(" hypervisor") != std::string::npos;
  machine.kernel = std::string(kernel.sysname) + " " + kernel.release;
  machine.clocksource =
      first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  const std::string governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  if (!governor.empty()) machine.governor = governor;
  machine.mitigations = vulnerabilities("Mitigation");
  machine.quota_cpus = cpu_quota();
  machine.details = describe_details();
  machine.syscall_counts = availability(Event::syscalls);
  machine.hardware_counters = availability(Event::instructions);
  return machine;
}

std::optional<std::vector<std::string>> digests(const std::vector<results::EntrySpec>& entries) {
  std::vector<std::string> all;
  const auto add = [&](const std::string& file, const std::string& name) {
    constexpr std::chrono::seconds limit{60};
    Process sum({"sha256sum", "--", file}, {});
    const std::string line = sum.read_line(limit).value_or("");
    if (sum.wait(limit) == 0) all.push_back(line.substr(0, line.find(' ')) + " " + name);
  };
  try {
    for (const char* name : {"duelio-server", "duelio-server-asio-uring", "duelio-loadgen"})
      add(executables_folder() + "/" + name, name);
    for (const results::EntrySpec& entry : entries) {
      if (entry.server) add(*entry.server, entry.name + ": duelio-server");
    }
  } catch (const std::system_error&) {
    return std::nullopt;
  }
  return all;
}

results::Build describe_build() {
  const BuildInfo& build = build_info();
  return {.version = std::string(build.version),
          .revision = std::string(build.revision),
          .preset = std::string(build.preset),
          .compiler = std::string(build.compiler),
          .flags = std::string(build.flags),
          .boost = std::string(build.boost)};
}

}  // namespace duelio::compare
