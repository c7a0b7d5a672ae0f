#pragma once

#include <string>

#include "results/judged_run.h"

namespace duelio::results {

// Each entry against each other one, in the primary metric and the throughput: a table for each
// load. Empty for fewer than three entries, which the ratios to the reference are all of.
std::string pair_tables(const JudgedRun& run);

}  // namespace duelio::results
