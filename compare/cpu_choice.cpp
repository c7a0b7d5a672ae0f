#include "compare/cpu_choice.h"

#include <algorithm>
#include <set>

#include "common/command_line.h"
#include "common/os/cpu.h"
#include "common/units.h"
#include "compare/topology.h"

namespace duelio::compare {

namespace po = boost::program_options;

namespace {

// Those of other hosts are known there only.
std::vector<int> named_cpus(const po::variables_map& values, const char* flag,
                            const std::vector<int>& allowed, bool are_here) {
  if (!values.contains(flag)) return {};
  return cli::value(values, flag, [&](std::string_view word) {
    auto chosen = parse_cpu_list(word);
    if (!are_here) return chosen;
    for (const int cpu : chosen) {
      if (std::find(allowed.begin(), allowed.end(), cpu) == allowed.end()) {
        throw std::invalid_argument("names CPU " + std::to_string(cpu) +
                                    ", which this process may not use");
      }
    }
    return chosen;
  });
}

bool have_one_in_common(const std::vector<int>& some, const std::vector<int>& others) {
  return std::any_of(some.begin(), some.end(), [&](int cpu) {
    return std::find(others.begin(), others.end(), cpu) != others.end();
  });
}

unsigned most_threads(const Options& options) {
  unsigned most = 1;
  for (const results::EntrySpec& entry : options.entries) most = std::max(most, entry.threads);
  return most;
}

std::vector<Cpu> of_these(const std::vector<Cpu>& all, const std::vector<int>& ids) {
  std::vector<Cpu> some;
  for (const Cpu& cpu : all) {
    if (std::find(ids.begin(), ids.end(), cpu.id) != ids.end()) some.push_back(cpu);
  }
  return some;
}

}  // namespace

void choose_cpus(const po::variables_map& values, Options& options) {
  const std::vector<int> allowed = os::allowed_cpus();
  const bool are_here = !options.hosts;
  const CpuChoice chosen =
      choose_cpus(read_topology(allowed), most_threads(options),
                  {.server = named_cpus(values, "server-cpus", allowed, are_here),
                   .client = named_cpus(values, "client-cpus", allowed, are_here)});
  if (chosen.server.empty() || chosen.client.empty()) {
    throw cli::UsageError(
        "two CPUs are needed, one for servers and one for generators, and this process may use " +
        std::to_string(allowed.size()) +
        "; to share one, name it in --server-cpus and --client-cpus");
  }
  results::Plan& plan = options.plan;
  plan.server_cpus = chosen.server;
  plan.client_cpus = chosen.client;
  // A generator's thread for each CPU that is there for it: more would take turns, and fewer leave
  // CPUs that were given for nothing.
  const auto generator_threads =
      static_cast<unsigned>(std::min<std::size_t>(plan.client_cpus.size(), plan.connections));
  plan.generator_threads.reset();
  if (generator_threads > 1) plan.generator_threads = generator_threads;
  plan.generator_polls = !have_one_in_common(plan.client_cpus, plan.server_cpus);
  // Hosts that are one machine have the same CPUs: who polls there keeps another from its work.
  if (options.hosts && options.hosts->one_kernel && options.hosts->generators > 1)
    plan.generator_polls = false;
}

std::vector<int> used_cpus(const results::Plan& plan) {
  std::set<int> used(plan.server_cpus.begin(), plan.server_cpus.end());
  used.insert(plan.client_cpus.begin(), plan.client_cpus.end());
  return {used.begin(), used.end()};
}

std::vector<std::string> doubts_about_cpus(const results::Plan& plan, unsigned threads,
                                           const std::vector<Cpu>& topology,
                                           std::optional<double> quota) {
  std::vector<std::string> doubts;
  if (threads > plan.server_cpus.size()) {
    doubts.push_back(std::to_string(threads) + " threads of a server have " +
                     std::to_string(plan.server_cpus.size()) +
                     (plan.server_cpus.size() == 1 ? " CPU" : " CPUs") +
                     " and take turns there: nothing can be said of how it scales "
                     "(--server-cpus)");
  }
  const std::vector<int> used = used_cpus(plan);
  const std::vector<Cpu> cpus = of_these(topology, used);
  for (const Cpu& server : of_these(cpus, plan.server_cpus)) {
    for (const Cpu& client : of_these(cpus, plan.client_cpus)) {
      if (server.id == client.id || server.core != client.core) continue;
      doubts.push_back("CPU " + std::to_string(server.id) + " of the servers and CPU " +
                       std::to_string(client.id) +
                       " of the generators are of one core, and slow each other down");
    }
  }
  if (nodes_of(cpus) > 1)
    doubts.emplace_back("the CPUs are of several nodes of memory, and some have it farther away");
  if (quota && *quota < static_cast<double>(used.size())) {
    doubts.push_back("the cgroup's cpu.max lets this process use the time of " +
                     format_count(*quota) + " CPUs, and the run uses " +
                     std::to_string(used.size()) + ": the kernel will stop it again and again");
  }
  return doubts;
}

std::vector<std::string> doubts_about_cpus(const Options& options) {
  return doubts_about_cpus(options.plan, most_threads(options), read_topology(os::allowed_cpus()),
                           cpu_quota());
}

}  // namespace duelio::compare
