#include "compare/doctor.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <thread>
#include <vector>

#include <sys/prctl.h>
#include <unistd.h>

#include "common/os/cpu.h"
#include "common/os/socket.h"
#include "common/units.h"
#include "compare/costs.h"
#include "compare/details.h"
#include "compare/probe.h"
#include "compare/topology.h"

namespace duelio::compare {
namespace {

using State = Finding::State;

Finding cpus() {
  const std::size_t count = os::allowed_cpus().size();
  Finding finding{.what = "CPUs",
                  .found = std::to_string(count) + " usable of " +
                           std::to_string(sysconf(_SC_NPROCESSORS_ONLN))};
  if (count >= 4) return finding;
  finding.state = count < 2 ? State::unusable : State::flawed;
  finding.cost = count < 2 ? "server and generator share a CPU: nothing can be said about either"
                           : "the rest of the system shares them: intervals get wider";
  finding.change = "use a machine with four or more";
  return finding;
}

Finding kind() {
  const results::Details details = describe_details();
  return {.what = "kind",
          .found = details.kind + "; interrupts: " +
                   (details.kernel_options.empty() ? "the configuration is not visible"
                                                   : details.kernel_options)};
}

// What explains ratios, and how good a machine is, does not show in it.
Finding costs(int server_cpu, int client_cpu) {
  const results::Costs costs = measure_costs(server_cpu, client_cpu);
  const auto text = [](double ns) { return format_duration(1e-9 * ns); };
  return {.what = "costs",
          .found = "system call " + text(costs.system_call_ns) + ", entering through io_uring " +
                   (costs.io_uring_ns ? text(*costs.io_uring_ns) : "forbidden") +
                   ", context switch " + text(costs.context_switch_ns) + ", wake-up across CPUs " +
                   text(costs.wake_up_ns) + ", round trip over loopback " +
                   text(costs.round_trip_ns) + ", copying 64 KiB " + text(costs.copy_ns)};
}

Finding cores() {
  const std::vector<Cpu> cpus = read_topology(os::allowed_cpus());
  const std::size_t nodes = nodes_of(cpus);
  Finding finding{.what = "cores",
                  .found = describe_cores(cpus) + ", " + std::to_string(nodes) +
                           (nodes == 1 ? " node of memory" : " nodes of memory")};
  if (cores_of(cpus) >= 2) return finding;
  finding.state = State::flawed;
  finding.cost = "server and generator share a core: each slows the other down";
  finding.change = "use a machine with two cores or more, or allow this process another one";
  return finding;
}

Finding quota() {
  const std::optional<double> limit = cpu_quota();
  Finding finding{.what = "quota",
                  .found = limit ? "the cgroup's cpu.max is " + format_count(*limit) + " CPUs"
                                 : "no cgroup limits CPU time"};
  if (!limit || *limit >= 2) return finding;
  finding.state = State::flawed;
  finding.cost = "server and generator need two: the kernel stops them in each period of 100 ms";
  finding.change = "raise cpu.max (docker run --cpus, Kubernetes limits.cpu), or leave it out";
  return finding;
}

Finding isolation() {
  const std::string isolated = first_line("/sys/devices/system/cpu/isolated");
  Finding finding{.what = "isolation",
                  .found = isolated.empty() ? "no CPU is isolated" : "CPUs " + isolated};
  if (!isolated.empty()) return finding;
  finding.state = State::flawed;
  finding.cost = "other processes and interrupts run on the measured CPUs: intervals get wider";
  finding.change =
      "boot with isolcpus= and nohz_full=, and name those CPUs in --server-cpus and --client-cpus";
  return finding;
}

Finding governor() {
  const std::string name = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  Finding finding{.what = "frequency governor", .found = name.empty() ? "not visible" : name};
  if (name == "performance") return finding;
  finding.state = State::flawed;
  finding.cost = name.empty()
                     ? "the host may change the frequency unseen: the control shows it as noise"
                     : "the frequency follows the load: the open loop looks dearer than it is";
  finding.change = name.empty() ? "use bare metal" : "cpupower frequency-set -g performance";
  return finding;
}

Finding steal() {
  const std::vector<int> cpus = os::allowed_cpus();
  const std::int64_t at = os::monotonic_ns();
  const std::int64_t stolen = steal_ns(cpus);
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const double share = static_cast<double>(steal_ns(cpus) - stolen) /
                       static_cast<double>(os::monotonic_ns() - at) /
                       static_cast<double>(cpus.size());
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %% in a second", 100 * share);
  Finding finding{.what = "steal", .found = text.data()};
  if (share <= 0.01) return finding;
  finding.state = State::flawed;
  finding.cost = "the hypervisor takes CPU time: intervals get wider, latencies most of all";
  finding.change = "use a dedicated host, or another hour";
  return finding;
}

// What a thread that does nothing but look at the clock does not see passing: the hypervisor, an
// interrupt or another process had its CPU. Steal that the kernel is not told of shows here. It is
// about what this machine adds to the lag of a generator that polls.
Finding pauses() {
  constexpr std::int64_t counted = 1'000;  // shorter ones are the looks at the clock
  constexpr std::size_t expected = 100'000;
  const std::int64_t start = os::monotonic_ns();
  std::vector<std::int64_t> gaps;
  gaps.reserve(expected);
  std::int64_t last = start;
  while (last - start < 1'000'000'000) {
    const std::int64_t now = os::monotonic_ns();
    if (now - last > counted) gaps.push_back(now - last);
    last = now;
  }
  const std::int64_t p99_9 = lateness(gaps, last - start, 0.999);
  const auto text = [](std::int64_t ns) { return format_duration(1e-9 * static_cast<double>(ns)); };
  Finding finding{.what = "pauses",
                  .found = "a thread that polls looks up " +
                           text(lateness(gaps, last - start, 0.99)) + " late (p99), " +
                           text(p99_9) + " (p99.9), " + text(lateness(gaps, last - start, 1)) +
                           " (max)"};
  if (p99_9 <= 20'000) return finding;
  finding.state = State::flawed;
  finding.cost =
      "that much of tail latencies and of dispatch lag is the machine's, even with --spin";
  finding.change = "use an idle, dedicated host";
  return finding;
}

// How late a sleep ends, at best: what a generator that sleeps is late by when little is due.
Finding timers() {
  prctl(PR_SET_TIMERSLACK, 1UL);
  std::vector<std::int64_t> late;
  const std::int64_t start = os::monotonic_ns();
  for (std::int64_t due = start + 200'000; due < start + 1'000'000'000;
       due = os::monotonic_ns() + 200'000) {
    const timespec until{due / 1'000'000'000, due % 1'000'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    late.push_back(os::monotonic_ns() - due);
  }
  std::sort(late.begin(), late.end());
  const auto quantile = [&late](std::size_t per_mille) {
    return format_duration(1e-9 * static_cast<double>(late[late.size() * per_mille / 1000]));
  };
  Finding finding{.what = "timers",
                  .found = "a sleep ends " + quantile(500) + " late (p50), " + quantile(990) +
                           " (p99), " + quantile(999) + " (p99.9)"};
  if (late[late.size() * 99 / 100] <= 100'000) return finding;
  finding.state = State::flawed;
  finding.cost = "the open loop sends late: its latencies hold that much of the client";
  finding.change = "use bare metal; duelio-loadgen --spin where a CPU can be spared";
  return finding;
}

Finding clock_source() {
  const std::string name =
      first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  Finding finding{.what = "clock source", .found = name};
  if (name == "tsc" || name == "kvm-clock" || name == "arch_sys_counter") return finding;
  finding.state = State::flawed;
  finding.cost = "reading the time is a system call: the generator gets dearer";
  finding.change = "boot with tsc=reliable, if the CPU's is";
  return finding;
}

Finding descriptors() {
  const std::size_t limit = os::raise_descriptor_limit();
  Finding finding{.what = "descriptors", .found = "at most " + std::to_string(limit)};
  if (limit >= 20'000) return finding;
  finding.state = State::flawed;
  finding.cost = "the workload idle needs 10,100";
  finding.change = "ulimit -Hn 65536";
  return finding;
}

Finding accept_queue() {
  const std::string limit = first_line("/proc/sys/net/core/somaxconn");
  Finding finding{.what = "accept queue", .found = "net.core.somaxconn is " + limit};
  if (std::atoi(limit.c_str()) >= 4096) return finding;
  finding.state = State::flawed;
  finding.cost = "bursts of connections are dropped and come again a second later";
  finding.change = "sysctl net.core.somaxconn=4096";
  return finding;
}

Finding system_calls() {
  const std::string why = why_not(Event::syscalls);
  Finding finding{.what = "system call counts", .found = why.empty() ? "available" : why};
  if (why.empty()) return finding;
  finding.state = State::flawed;
  finding.cost = "system calls per request are missing from the results";
  finding.change = "see there";
  return finding;
}

Finding io_uring() {
  const std::string disabled = first_line("/proc/sys/kernel/io_uring_disabled");
  Finding finding{.what = "io_uring",
                  .found = disabled.empty() || disabled == "0"
                               ? "not disabled by sysctl"
                               : "io_uring_disabled is " + disabled};
  if (disabled.empty() || disabled == "0") return finding;
  finding.state = State::flawed;
  finding.cost = "the uring backends cannot run";
  finding.change = "sysctl kernel.io_uring_disabled=0";
  return finding;
}

}  // namespace

std::int64_t lateness(std::vector<std::int64_t> pauses, std::int64_t total, double quantile) {
  std::sort(pauses.begin(), pauses.end(), std::greater<>());
  // Moments with more than `late` of a pause before them last, with the k longest, sum - k * late:
  // that is to be `beyond`, unless the next one is longer than `late`, too.
  const double beyond = (1 - quantile) * static_cast<double>(total);
  double sum = 0;
  double late = 0;
  for (std::size_t k = 1; k <= pauses.size() && static_cast<double>(pauses[k - 1]) > late; ++k) {
    sum += static_cast<double>(pauses[k - 1]);
    late = std::max((sum - beyond) / static_cast<double>(k), 0.0);
  }
  return std::llround(late);
}

std::vector<Finding> examine(int server_cpu, int client_cpu) {
  std::vector<Finding> findings{kind(),        cpus(),         cores(),        quota(),
                                isolation(),   governor(),     steal(),        clock_source(),
                                descriptors(), accept_queue(), system_calls(), io_uring()};
  findings.push_back(costs(server_cpu, client_cpu));
  os::pin_this_thread({client_cpu});
  findings.push_back(pauses());
  findings.push_back(timers());
  return findings;
}

void print_findings(std::ostream& out, const std::vector<Finding>& findings, bool colour) {
  std::size_t width = 0;
  for (const Finding& finding : findings) width = std::max(width, finding.what.size());
  for (const Finding& finding : findings) {
    constexpr std::array words{"good    ", "flawed  ", "UNUSABLE"};
    constexpr std::array colours{"\x1b[32m", "\x1b[33m", "\x1b[31m"};
    const auto state = static_cast<std::size_t>(finding.state);
    out << (colour ? colours.at(state) : "") << words.at(state) << (colour ? "\x1b[0m" : "") << "  "
        << finding.what << std::string(width - finding.what.size() + 2, ' ') << finding.found
        << '\n';
    if (finding.state == State::good) continue;
    const std::string indent(width + 12, ' ');
    out << indent << "costs: " << finding.cost << '\n'
        << indent << "change: " << finding.change << '\n';
  }
}

}  // namespace duelio::compare
