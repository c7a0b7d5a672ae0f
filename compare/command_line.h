#pragma once

#include <vector>

#include "compare/flags.h"
#include "compare/options.h"

namespace duelio::compare {

// The cells of the matrix, one if no flag has a list; none when --help or --version was answered.
// `hosts` are those of duelio-compare-mpi, by rank; none: this is duelio-compare. Whatever can be
// refused is refused here, before anything is planned. Throws cli::UsageError.
std::vector<Options> parse_options(int argc, const char* const* argv,
                                   const std::vector<Host>& hosts = {});

}  // namespace duelio::compare
