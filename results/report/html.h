#pragma once

#include <span>
#include <string>
#include <vector>

#include "results/judged_run.h"

namespace duelio::results {

// One page with everything in it: no other file, no network. Of several runs: what they are and
// show together, then a part for each.
std::string to_html(std::span<const JudgedRun> runs);

// The same of a history: what changed when, and its figures; nothing of the single runs.
std::string history_to_html(std::span<const JudgedRun> runs);

// What each of many runs answers, by kind of machine, with links to their own pages.
std::string index_to_html(std::span<const JudgedRun> runs, const std::vector<std::string>& links);

}  // namespace duelio::results
