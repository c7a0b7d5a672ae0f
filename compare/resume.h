#pragma once

#include "compare/options.h"
#include "results/record.h"

namespace duelio::compare {

// Slices of two builds, machines or sets of entries make no run. Throws cli::UsageError when what
// `options` would run here is not what the run on file began with. The executable of an entry with
// `server` and the file of a peer are known by their names only.
void check_resumable(const results::Run& run, const Options& options);

}  // namespace duelio::compare
