#include "compare/details.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>
#include <system_error>
#include <vector>

#include <gnu/libc-version.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "compare/probe.h"
#include "compare/process.h"
#include "compare/topology.h"

namespace duelio::compare {
namespace {

void append(std::string& list, std::string_view separator, std::string_view item) {
  if (!list.empty()) list += separator;
  list += item;
}

// Of the first CPU of /proc/cpuinfo: "AuthenticAMD family 26 model 2 stepping 1 microcode 0x1".
struct CpuModel {
  std::string vendor;
  std::string family;
  std::string model;
  std::string rest;
};
CpuModel cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  CpuModel found;
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || colon + 2 > line.size()) continue;
    const std::string name = line.substr(0, line.find_last_not_of("\t ", colon - 1) + 1);
    const std::string value = line.substr(colon + 2);
    if (name == "vendor_id" || name == "CPU implementer") found.vendor = value;
    if (name == "cpu family" || name == "CPU architecture") found.family = value;
    if (name == "model" || name == "CPU part") found.model = value;
    if (name == "stepping" || name == "microcode")
      append(found.rest, " ", std::string(name).append(" ").append(value));
  }
  return found;
}

std::string guest() {
#if defined(__x86_64__)
  // Leaf 0x40000000 holds the hypervisor's name, where bit 31 of leaf 1's ECX says that there is
  // one (Linux, Documentation/virt/kvm/x86/cpuid.rst).
  std::array<unsigned, 4> registers{};
  auto& [a, b, c, d] = registers;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c >> 31U) == 0) return "none";
  __cpuid(0x40000000U, a, b, c, d);
  std::array<char, 13> name{};
  std::memcpy(name.data(), &registers[1], 12);
  std::string text = name.data();
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
#else
  return first_line("/sys/hypervisor/type");
#endif
}

std::string caches() {
  std::string all;
  for (unsigned index = 0;; ++index) {
    const std::string folder =
        "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    const std::string level = first_line(folder + "level");
    if (level.empty()) return all;
    std::string type = first_line(folder + "type");
    std::transform(type.begin(), type.end(), type.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    append(all, ", ", "L" + level);
    append(all, " ", type);
    append(all, " ", first_line(folder + "size"));
  }
}

// Compressed in /proc where the kernel has it, else beside the kernel.
std::string configuration(const std::string& release) {
  std::ifstream beside("/boot/config-" + release);
  std::ostringstream text;
  if (beside) {
    text << beside.rdbuf();
  } else if (std::filesystem::exists("/proc/config.gz")) {
    try {
      constexpr std::chrono::seconds limit{10};
      Process gzip({"gzip", "-dc", "/proc/config.gz"}, {});
      while (const auto line = gzip.read_line(limit)) text << *line << '\n';
      gzip.wait(limit);
    } catch (const std::system_error&) {
      return "";  // there is no gzip
    }
  }
  return std::move(text).str();
}

// 6.18 of 6.18.44-fc-v769.
std::string short_release(std::string_view release) {
  const std::size_t minor = release.find('.');
  return std::string(release.substr(0, release.find_first_not_of("0123456789", minor + 1)));
}

}  // namespace

std::string without_places(std::string_view command_line) {
  std::istringstream words{std::string(command_line)};
  std::string kept;
  // What follows "--" is for init (Linux, Documentation/admin-guide/kernel-parameters.rst).
  for (std::string word; words >> word && word != "--";) {
    const std::size_t value = word.find('=');
    const bool names_a_place =
        value != std::string::npos &&
        (word.find_first_of("/@", value) != std::string::npos ||
         word.find("UUID", value) != std::string::npos ||
         std::count(word.begin() + static_cast<std::ptrdiff_t>(value), word.end(), '.') > 1 ||
         word.find("host") < value || word.starts_with("root=") || word.starts_with("ip="));
    append(kept, " ", names_a_place ? word.substr(0, value + 1) + "..." : word);
  }
  return kept;
}

std::string kernel_options(std::string_view configuration) {
  constexpr std::array names{"HZ",
                             "NO_HZ_FULL",
                             "PREEMPT_NONE",
                             "PREEMPT_VOLUNTARY",
                             "PREEMPT",
                             "PREEMPT_LAZY",
                             "PREEMPT_DYNAMIC",
                             "PREEMPT_RT",
                             "IRQ_TIME_ACCOUNTING",
                             "VIRT_CPU_ACCOUNTING_GEN",
                             "HARDENED_USERCOPY",
                             "KVM_GUEST",
                             "PVM_GUEST"};
  if (configuration.empty()) return "";
  std::string found;
  for (const std::string_view name : names) {
    std::string value = "n";
    const std::string line = "\nCONFIG_" + std::string(name) + "=";
    if (const std::size_t at = configuration.find(line); at != std::string_view::npos) {
      const std::size_t begin = at + line.size();
      value = configuration.substr(begin, configuration.find('\n', begin) - begin);
    }
    append(found, ", ", std::string(name) + "=" + value);
  }
  return found;
}

results::Details describe_details() {
  utsname kernel{};
  uname(&kernel);
  const CpuModel cpu = cpu_model();
  std::vector<int> all(static_cast<std::size_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  std::iota(all.begin(), all.end(), 0);  // of the machine: what this process may use is no detail
  const std::vector<Cpu> cpus = read_topology(all);
  results::Details details;
  details.cpu_model = cpu.vendor + " family " + cpu.family + " model " + cpu.model + " " + cpu.rest;
  details.guest = guest();
  details.cores = describe_cores(cpus);
  details.nodes = static_cast<unsigned>(nodes_of(cpus));
  details.caches = caches();
  details.vulnerable = vulnerabilities("Vulnerable");
  details.command_line = without_places(first_line("/proc/cmdline"));
  details.kernel_build = kernel.version;
  details.kernel_options = kernel_options("\n" + configuration(kernel.release));
  details.congestion_control = first_line("/proc/sys/net/ipv4/tcp_congestion_control");
  details.qdisc = first_line("/proc/sys/net/core/default_qdisc");
  details.tcp_rmem = first_line("/proc/sys/net/ipv4/tcp_rmem");
  details.tcp_wmem = first_line("/proc/sys/net/ipv4/tcp_wmem");
  details.libc = std::string("glibc ") + gnu_get_libc_version();
  const bool isolates =
      first_line("/sys/devices/system/cpu/vulnerabilities/meltdown").find("PTI") !=
      std::string::npos;
  details.kind = cpu.vendor + " " + cpu.family + "." + cpu.model + ", " +
                 (details.guest == "none" ? "no guest" : "guest of " + details.guest) + ", " +
                 std::to_string(sysconf(_SC_NPROCESSORS_ONLN)) + " CPUs, Linux " +
                 short_release(kernel.release) + (isolates ? " with page-table isolation" : "");
  return details;
}

}  // namespace duelio::compare
