#include "compare/manifest.h"

#include <array>
#include <filesystem>

#include "compare/machine.h"

namespace duelio::compare {

results::Manifest manifest_of(const Options& options, std::time_t started) {
  std::array<char, 64> time{};
  std::tm utc{};
  gmtime_r(&started, &utc);
  std::strftime(time.data(), time.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  results::Manifest manifest{.command = options.command,
                             .started = time.data(),
                             .seed = options.seed,
                             .preset = options.preset,
                             .reference = options.reference,
                             .entries = options.entries,
                             .workload = options.workload,
                             .plan = options.plan,
                             .machine = options.machine ? *options.machine : describe_machine(),
                             .build = describe_build(),
                             .hosts = options.hosts};
  // Where the tool lies is nobody's business.
  if (!manifest.command.empty())
    manifest.command.front() = std::filesystem::path(manifest.command.front()).filename();
  return manifest;
}

}  // namespace duelio::compare
