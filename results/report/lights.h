#pragma once

#include <string>

#include "results/judged_run.h"

namespace duelio::results {

// How far the run can be trusted, at a glance: the control at each load, void windows, who was the
// limit.
std::string lights(const JudgedRun& run);

// What each entry did at each load that is no ratio, and which windows of which lane were void for
// what: two tables, the second only where there were any.
std::string conduct_tables(const JudgedRun& run);

}  // namespace duelio::results
