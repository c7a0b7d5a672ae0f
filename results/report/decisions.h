#pragma once

#include <string>

#include "results/judged_run.h"

namespace duelio::results {

// "For which load which flag": a table. A row where nothing can be told says what would tell.
std::string decisions(const JudgedRun& run);

}  // namespace duelio::results
