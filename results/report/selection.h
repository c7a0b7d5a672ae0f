#pragma once

#include <string>
#include <vector>

#include "results/judged_run.h"

namespace duelio::results {

// What of a run is shown and in which order; nothing of it changes a number.
struct Selection {
  std::vector<std::string> only;  // names of entries; empty: all. The reference is always there
  std::string sort;               // METRIC or METRIC@LOAD: the best first; empty: as measured
};

// Throws cli::UsageError that names what no run has.
void select(JudgedRun& run, const Selection& selection);

}  // namespace duelio::results
