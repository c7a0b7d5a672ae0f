#include "compare/machine.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
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

std::string read_file(const std::string& name) {
  std::ifstream file(name);
  std::ostringstream text;
  text << file.rdbuf();
  std::string content = text.str();
  while (!content.empty() && content.back() == '\n') content.pop_back();
  return content;
}

// In one order, whatever that of the folder.
std::string mitigations() {
  std::vector<std::string> all;
  std::error_code error;
  for (const auto& file :
       std::filesystem::directory_iterator("/sys/devices/system/cpu/vulnerabilities", error)) {
    const std::string text = read_file(file.path().string());
    if (text.starts_with("Mitigation"))
      all.push_back(file.path().filename().string() + ": " + text);
  }
  std::sort(all.begin(), all.end());
  std::string text;
  for (const std::string& each : all) text += (text.empty() ? "" : "; ") + each;
  return text;
}

std::string availability(Event event) {
  const std::string reason = why_not(event);
  return reason.empty() ? "available" : "not available: " + reason;
}

}  // namespace

results::Machine describe_machine() {
  utsname kernel{};
  uname(&kernel);
  const std::string cpuinfo = read_file("/proc/cpuinfo");
  results::Machine machine{.cpu = "unknown"};
  if (const std::size_t at = cpuinfo.find("model name"); at != std::string::npos) {
    const std::size_t begin = cpuinfo.find(": ", at) + 2;
    machine.cpu = cpuinfo.substr(begin, cpuinfo.find('\n', begin) - begin);
  }
  machine.cpus = static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN));
  machine.hypervisor = cpuinfo.find(" hypervisor") != std::string::npos;
  machine.kernel = std::string(kernel.sysname) + " " + kernel.release;
  machine.clocksource =
      read_file("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  const std::string governor = read_file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  if (!governor.empty()) machine.governor = governor;
  machine.mitigations = mitigations();
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
