#include "results/threads.h"

#include <algorithm>
#include <set>

#include "common/units.h"

namespace duelio::results {

std::vector<std::string> warnings_about_cpus(const Manifest& manifest) {
  std::vector<std::string> warnings;
  const Plan& plan = manifest.plan;
  unsigned threads = 1;
  for (const EntrySpec& entry : manifest.entries) threads = std::max(threads, entry.threads);
  if (threads > plan.server_cpus.size() && !plan.server_cpus.empty()) {
    warnings.push_back(std::to_string(threads) + " threads of a server had " +
                       std::to_string(plan.server_cpus.size()) +
                       (plan.server_cpus.size() == 1 ? " CPU" : " CPUs") +
                       " and took turns there: nothing is said of how it scales");
  }
  std::set<int> used(plan.server_cpus.begin(), plan.server_cpus.end());
  used.insert(plan.client_cpus.begin(), plan.client_cpus.end());
  const auto& quota = manifest.machine.quota_cpus;
  if (quota && *quota < static_cast<double>(used.size())) {
    warnings.push_back("a cgroup let it use the time of " + format_count(*quota) +
                       " CPUs, and it used " + std::to_string(used.size()) +
                       ": the kernel stopped it again and again");
  }
  return warnings;
}

}  // namespace duelio::results
