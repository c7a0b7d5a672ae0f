#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/manifest.h"

namespace duelio::compare {

// For the manifest: this machine, and this build.
results::Machine describe_machine();
results::Build describe_build();

// Of all that is measured and measures, the servers of other builds among the entries too:
// sha256sum(1). None: there is no such tool.
std::optional<std::vector<std::string>> digests(const std::vector<results::EntrySpec>& entries);

}  // namespace duelio::compare
