#pragma once

#include "common/command_line.h"
#include "compare/options.h"

namespace duelio::compare {

// What is measured, as --preset says and --blocks, --block, --window, --lead-in, --load and the
// like vary. Throws cli::UsageError.
void choose_plan(const boost::program_options::variables_map& values, Options& options);

}  // namespace duelio::compare
