#pragma once

#include "results/record.h"

namespace duelio::compare {

// For the manifest: this machine, and this build.
results::Machine describe_machine();
results::Build describe_build();

}  // namespace duelio::compare
