#pragma once

#include <vector>

#include "common/cli.h"
#include "compare/options.h"

namespace duelio::compare {

extern const cli::Tool tool;

// The cells of the matrix, one if no flag has a list; none when --help or --version was answered.
// Whatever can be refused is refused here, before anything is planned. Throws cli::UsageError.
std::vector<Options> parse_options(int argc, const char* const* argv);

}  // namespace duelio::compare
