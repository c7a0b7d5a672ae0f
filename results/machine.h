#pragma once

#include <optional>
#include <string>

#include "results/fields.h"

namespace duelio::results {

// What else may explain why two machines, or two guests of one machine, differ. An empty text: the
// system does not say.
struct Details {
  std::string kind;            // a name made of the rest: "AMD 26.2, KVM, 2 CPUs, Linux 6.18"
  std::string cpu_model;       // "AuthenticAMD family 26 model 2 stepping 1 microcode 0x1"
  std::string guest;           // as the hypervisor calls itself: "KVMKVMKVM"
  std::string cores;           // "2 cores (0, 1)"
  unsigned nodes = 1;          // of memory
  std::string caches;          // of CPU 0: "L1 data 32K, L2 unified 512K"
  std::string vulnerable;      // what the kernel does nothing about
  std::string command_line;    // of the kernel, without what names the place
  std::string kernel_build;    // uname(2)'s version
  std::string kernel_options;  // "HZ=250, IRQ_TIME_ACCOUNTING=n": whom interrupts are charged to
  std::string congestion_control;  // of TCP
  std::string qdisc;               // the default one
  std::string tcp_rmem;            // least, default and most, in bytes
  std::string tcp_wmem;
  std::string libc;

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("kind", self.kind, Share::always);
    visit("cpu_model", self.cpu_model, Share::always);
    visit("guest", self.guest, Share::always);
    visit("cores", self.cores, Share::always);
    visit("nodes", self.nodes, Share::always);
    visit("caches", self.caches, Share::always);
    visit("vulnerable", self.vulnerable, Share::always);
    visit("command_line", self.command_line, Share::always);
    visit("kernel_build", self.kernel_build, Share::always);
    visit("kernel_options", self.kernel_options, Share::always);
    visit("congestion_control", self.congestion_control, Share::always);
    visit("qdisc", self.qdisc, Share::always);
    visit("tcp_rmem", self.tcp_rmem, Share::always);
    visit("tcp_wmem", self.tcp_wmem, Share::always);
    visit("libc", self.libc, Share::always);
  }
};

// What the kernel's services cost here, each the median of short trials made before the run, in
// nanoseconds. They explain ratios and are held against nothing: they move with the hour.
struct Costs {
  double system_call_ns = 0;  // the cheapest: getppid(2)
  std::optional<double>
      io_uring_ns;  // entering through io_uring with nothing to do; none: forbidden
  double context_switch_ns =
      0;                     // to another thread on this CPU, with the write and the read for it
  double wake_up_ns = 0;     // likewise, of a thread that sleeps on another CPU
  double round_trip_ns = 0;  // of eight bytes over loopback, to a thread on another CPU
  double copy_ns = 0;        // of 64 KiB

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("system_call_ns", self.system_call_ns, Share::no);
    visit("io_uring_ns", self.io_uring_ns, Share::no);
    visit("context_switch_ns", self.context_switch_ns, Share::no);
    visit("wake_up_ns", self.wake_up_ns, Share::no);
    visit("round_trip_ns", self.round_trip_ns, Share::no);
    visit("copy_ns", self.copy_ns, Share::no);
  }
};

struct Machine {
  std::string cpu;
  unsigned cpus = 0;
  bool hypervisor = false;
  std::string kernel;
  std::string clocksource;
  std::optional<std::string> governor;
  std::string mitigations;
  std::string syscall_counts;           // "available", or why not
  std::string hardware_counters;        // "available", or why not
  std::optional<std::string> sampling;  // likewise; none: not asked for (--explain)
  std::optional<double> quota_cpus;     // whose time the cgroup lets it use; none: no limit
  std::optional<Details> details;       // these two are absent in older files
  std::optional<Costs> costs;

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("cpu", self.cpu, Share::always);
    visit("cpus", self.cpus, Share::always);
    visit("hypervisor", self.hypervisor, Share::always);
    visit("kernel", self.kernel, Share::always);
    visit("clocksource", self.clocksource, Share::always);
    visit("governor", self.governor, Share::always);
    visit("mitigations", self.mitigations, Share::always);
    visit("syscall_counts", self.syscall_counts, Share::no);
    visit("hardware_counters", self.hardware_counters, Share::no);
    visit("sampling", self.sampling, Share::no);
    visit("quota_cpus", self.quota_cpus, Share::always);
    visit("details", self.details, Share::always);
    visit("costs", self.costs, Share::no);
  }
};

}  // namespace duelio::results
