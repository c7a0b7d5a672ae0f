#pragma once

#include <span>
#include <string>

#include "results/judged_run.h"

namespace duelio::results {

// One page with everything in it: no other file, no network. Of several runs: what they are and
// show together, then a part for each.
std::string to_html(std::span<const JudgedRun> runs);

// The same of a history: what changed when, and its figures; nothing of the single runs.
std::string history_to_html(std::span<const JudgedRun> runs);

}  // namespace duelio::results
