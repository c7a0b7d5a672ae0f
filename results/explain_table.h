#pragma once

#include <ostream>

#include "results/judged_run.h"

namespace duelio::results {

// Where the differences in CPU per request come from: a sentence for each, then for each entry its
// causes over the loads. Nothing where nothing was sampled.
void print_explanations(std::ostream& out, const JudgedRun& judged, bool colour);

}  // namespace duelio::results
