#pragma once

#include <ctime>

#include "compare/options.h"
#include "results/record.h"

namespace duelio::compare {

// The first record of a results file: what is compared, by which plan, on what machine, with which
// build. What the calibration finds out is still missing in it.
results::Manifest manifest_of(const Options& options, std::time_t started);

}  // namespace duelio::compare
