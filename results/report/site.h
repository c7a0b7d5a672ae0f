#pragma once

#include <span>
#include <string>

#include "results/judged_run.h"

namespace duelio::results {

// Writes the page of each run into the folder, which is made where it is missing, and index.html:
// by kind of machine what each run answers, with a link to its page. None refers to anything
// outside. Throws std::system_error.
void write_site(std::span<const JudgedRun> runs, const std::string& folder);

}  // namespace duelio::results
