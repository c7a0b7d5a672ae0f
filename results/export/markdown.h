#pragma once

#include <string>

#include "results/judged_run.h"

namespace duelio::results {

// The answers, the ratios over the load as tables and what made them; `figure` is the path of an
// image to show, or empty.
std::string to_markdown(const JudgedRun& run, const std::string& figure);

}  // namespace duelio::results
