#pragma once

#include <span>
#include <string>

#include "results/judged_run.h"

namespace duelio::results {

// One page with everything in it: no other file, no network. Of several runs: what they are and
// show together, then a part for each.
std::string to_html(std::span<const JudgedRun> runs);

}  // namespace duelio::results
