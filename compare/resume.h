#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compare/options.h"

namespace duelio::compare {

// The run in `file` that goes on and, of a matrix, the cells after it that have no file yet, as the
// file's own manifest says; `parse` reads the command in it. Throws cli::UsageError where the run
// is finished, or where this build, this machine or these entries are not those that it began with.
std::vector<Options> resumed(
    const std::string& file,
    const std::function<std::vector<Options>(const std::vector<std::string>&)>& parse);

}  // namespace duelio::compare
