#pragma once

#include <optional>
#include <string>
#include <vector>

namespace duelio::compare {

// A CPU that this process may use, and what it shares.
struct Cpu {
  int id = 0;
  int core = 0;  // the lowest CPU of its physical core, whether it may be used or not
  int node = 0;  // of memory
};

// Of the running kernel, by what lies below `root` (sysfs(5)). Where it says nothing each CPU is a
// core of its own, all of one node.
std::vector<Cpu> read_topology(const std::vector<int>& allowed,
                               const std::string& root = "/sys/devices/system");

// "2 cores (0+2, 1+3)": CPUs of one core are joined.
std::string describe_cores(const std::vector<Cpu>& cpus);
std::size_t cores_of(const std::vector<Cpu>& cpus);
std::size_t nodes_of(const std::vector<Cpu>& cpus);

struct CpuChoice {
  std::vector<int> server;
  std::vector<int> client;
};

// CPUs for that many threads of a server and as many of its generator, where they are not named.
// A physical core is for one side only, and of one side's threads each has a core as far as there
// are any; all of one node of memory, if that has enough. Servers are served first, but a core is
// left for the generator. A side gets fewer CPUs than threads where there are no more; none where
// there is not one for each side.
CpuChoice choose_cpus(const std::vector<Cpu>& allowed, unsigned threads, CpuChoice named);

// How many CPUs' time the cgroup of this process, or one above it, lets it use: cpu.max of cgroup
// v2, the least on the way to the top. None: no limit. `groups` is /proc/self/cgroup.
std::optional<double> cpu_quota(const std::string& groups = "/proc/self/cgroup",
                                const std::string& root = "/sys/fs/cgroup");

}  // namespace duelio::compare
