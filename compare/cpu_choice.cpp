#include "compare/cpu_choice.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "common/command_line.h"
#include "common/os/cpu.h"
#include "common/units.h"

namespace duelio::compare {

namespace po = boost::program_options;

namespace {

int core_of(int cpu) {
  int core = cpu;  // where the kernel does not say, each is its own
  std::ifstream("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/core_id") >> core;
  return core;
}

}  // namespace

void choose_cpus(const po::variables_map& values, results::Plan& plan) {
  const std::vector<int> allowed = os::allowed_cpus();
  const auto named = [&](const char* flag) {
    return cli::value(values, flag, [&](std::string_view word) {
      auto chosen = parse_cpu_list(word);
      for (const int cpu : chosen) {
        if (std::find(allowed.begin(), allowed.end(), cpu) == allowed.end()) {
          throw std::invalid_argument("names CPU " + std::to_string(cpu) +
                                      ", which this process may not use");
        }
      }
      return chosen;
    });
  };
  if (values.contains("server-cpus")) plan.server_cpus = named("server-cpus");
  if (values.contains("client-cpus")) plan.client_cpus = named("client-cpus");
  const auto free_of = [&](const std::vector<int>& taken) {
    std::optional<int> sibling;
    for (const int cpu : allowed) {
      if (std::find(taken.begin(), taken.end(), cpu) != taken.end()) continue;
      const bool shares = std::any_of(taken.begin(), taken.end(),
                                      [&](int other) { return core_of(other) == core_of(cpu); });
      if (!shares) return cpu;
      if (!sibling) sibling = cpu;
    }
    if (!sibling) {
      throw cli::UsageError(
          "two CPUs are needed, one for servers and one for generators, and this process may use " +
          std::to_string(allowed.size()) +
          "; to share one, name it in --server-cpus and --client-cpus");
    }
    return *sibling;
  };
  if (plan.server_cpus.empty()) plan.server_cpus = {free_of(plan.client_cpus)};
  if (plan.client_cpus.empty()) plan.client_cpus = {free_of(plan.server_cpus)};
  plan.generator_polls =
      std::none_of(plan.client_cpus.begin(), plan.client_cpus.end(), [&](int cpu) {
        return std::find(plan.server_cpus.begin(), plan.server_cpus.end(), cpu) !=
               plan.server_cpus.end();
      });
}

}  // namespace duelio::compare
