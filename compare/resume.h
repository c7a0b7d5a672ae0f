#pragma once

#include "compare/options.h"
#include "results/record.h"

namespace duelio::compare {

// Slices of two builds, machines or sets of entries make no run. Throws cli::UsageError when what
// `options` would run here is not what the run on file began with.
void check_resumable(const results::Run& run, const Options& options);

}  // namespace duelio::compare
