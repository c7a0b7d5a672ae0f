#pragma once

#include <span>
#include <string>
#include <vector>

#include "results/judged_run.h"

namespace duelio::results {

// Names of the runs' pages in a folder, in their order, each once: "2026-11-26-unix.html".
std::vector<std::string> page_names(std::span<const JudgedRun> runs);

// Writes the page of each run into the folder, which is made where it is missing, and index.html:
// by kind of machine what each run answers, with a link to its page. None refers to anything
// outside. Throws std::system_error.
void write_site(std::span<const JudgedRun> runs, const std::string& folder);

}  // namespace duelio::results
