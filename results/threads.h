#pragma once

#include <string>
#include <vector>

#include "results/judged_run.h"

// What a server's threads make of a run.
namespace duelio::results {

// Sentences about the CPUs that they had.
std::vector<std::string> warnings_about_cpus(const Manifest& manifest);

}  // namespace duelio::results
