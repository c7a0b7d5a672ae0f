#include "compare/topology.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>

#include "common/units.h"

namespace duelio::compare {
namespace {

namespace fs = std::filesystem;

using Core = std::vector<int>;  // its CPUs that may be used

std::vector<int> list_in(const std::string& file) {
  std::string text;
  std::getline(std::ifstream(file), text);
  try {
    return text.empty() ? std::vector<int>{} : parse_cpu_list(text);
  } catch (const std::invalid_argument&) {
    return {};
  }
}

bool has(const std::vector<int>& list, int cpu) {
  return std::find(list.begin(), list.end(), cpu) != list.end();
}

std::map<int, Core> by_core(const std::vector<Cpu>& cpus) {
  std::map<int, Core> cores;
  for (const Cpu& cpu : cpus) cores[cpu.core].push_back(cpu.id);
  return cores;
}

// Those of one node behind each other: that of a named CPU first, then the node with the most.
std::vector<Core> cores_by_node(const std::vector<Cpu>& cpus, const std::vector<int>& named) {
  std::map<int, std::map<int, Core>> nodes;
  std::set<int> near;
  for (const Cpu& cpu : cpus) {
    nodes[cpu.node][cpu.core].push_back(cpu.id);
    if (has(named, cpu.id)) near.insert(cpu.node);
  }
  std::vector<int> order;
  order.reserve(nodes.size());
  for (const auto& [node, cores] : nodes) order.push_back(node);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return std::pair(near.count(a), nodes[a].size()) > std::pair(near.count(b), nodes[b].size());
  });
  std::vector<Core> all;
  for (const int node : order) {
    for (const auto& [core, members] : nodes[node]) all.push_back(members);
  }
  return all;
}

// The first `count` cores, which go; of each its first CPU, then, if those are too few, its others.
std::vector<int> take(std::vector<Core>& cores, std::size_t count, std::size_t threads) {
  count = std::min({count, threads, cores.size()});
  std::size_t deepest = 0;
  for (const Core& core : cores) deepest = std::max(deepest, core.size());
  std::vector<int> taken;
  for (std::size_t depth = 0; depth < deepest; ++depth) {
    for (std::size_t i = 0; i < count && taken.size() < threads; ++i) {
      if (depth < cores[i].size()) taken.push_back(cores[i][depth]);
    }
  }
  cores.erase(cores.begin(), cores.begin() + static_cast<std::ptrdiff_t>(count));
  std::sort(taken.begin(), taken.end());
  return taken;
}

// cpu.max: "max 100000", or "150000 100000" for a CPU and a half.
std::optional<double> quota_in(const fs::path& folder) {
  std::string quota;
  double period = 0;
  std::ifstream(folder / "cpu.max") >> quota >> period;
  if (quota.empty() || quota == "max" || period <= 0) return std::nullopt;
  return std::atof(quota.c_str()) / period;
}

}  // namespace

std::vector<Cpu> read_topology(const std::vector<int>& allowed, const std::string& root) {
  std::map<int, int> nodes;
  std::error_code error;
  for (const auto& folder : fs::directory_iterator(root + "/node", error)) {
    const std::string name = folder.path().filename();
    if (!name.starts_with("node")) continue;
    for (const int cpu : list_in(folder.path() / "cpulist"))
      nodes[cpu] = std::atoi(name.c_str() + 4);
  }
  std::vector<Cpu> cpus;
  for (const int id : allowed) {
    const std::vector<int> siblings =
        list_in(root + "/cpu/cpu" + std::to_string(id) + "/topology/thread_siblings_list");
    cpus.push_back({.id = id,
                    .core = siblings.empty() ? id : siblings.front(),
                    .node = nodes.contains(id) ? nodes[id] : 0});
  }
  return cpus;
}

std::string describe_cores(const std::vector<Cpu>& cpus) {
  const std::map<int, Core> cores = by_core(cpus);
  std::string text;
  for (const auto& [core, members] : cores) {
    text += text.empty() ? "" : ", ";
    for (const int cpu : members) text += (cpu == members.front() ? "" : "+") + std::to_string(cpu);
  }
  return std::to_string(cores.size()) + (cores.size() == 1 ? " core (" : " cores (") + text + ")";
}

std::size_t cores_of(const std::vector<Cpu>& cpus) {
  return by_core(cpus).size();
}

std::size_t nodes_of(const std::vector<Cpu>& cpus) {
  std::set<int> nodes;
  for (const Cpu& cpu : cpus) nodes.insert(cpu.node);
  return nodes.size();
}

CpuChoice choose_cpus(const std::vector<Cpu>& allowed, unsigned threads, CpuChoice named) {
  std::vector<int> taken = named.server;
  taken.insert(taken.end(), named.client.begin(), named.client.end());
  std::vector<Core> cores = cores_by_node(allowed, taken);
  const auto is_taken = [&](int cpu) { return has(taken, cpu); };
  const std::size_t wanted = std::size_t{named.server.empty()} + std::size_t{named.client.empty()};
  std::vector<Core> free = cores;
  std::erase_if(free,
                [&](const Core& core) { return std::any_of(core.begin(), core.end(), is_taken); });
  if (free.size() < wanted) {  // CPUs of one core have to do
    free.clear();
    for (const Core& core : cores) {
      for (const int cpu : core) {
        if (!is_taken(cpu)) free.push_back({cpu});
      }
    }
  }
  if (free.size() < wanted) return named;
  if (named.server.empty()) named.server = take(free, free.size() - (wanted - 1), threads);
  if (named.client.empty()) named.client = take(free, free.size(), threads);
  return named;
}

std::optional<double> cpu_quota(const std::string& groups, const std::string& root) {
  constexpr std::string_view unified = "0::/";  // cgroups(7), the hierarchy of version 2
  std::ifstream stream(groups);
  std::optional<double> least;
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(unified)) continue;
    fs::path folder = root;
    const auto look = [&] {
      const auto quota = quota_in(folder);
      if (quota && (!least || *quota < *least)) least = quota;
    };
    look();  // of a namespace's top: it is no top for the machine
    for (const fs::path& part : fs::path(line.substr(unified.size()))) {
      folder /= part;
      look();
    }
  }
  return least;
}

}  // namespace duelio::compare
