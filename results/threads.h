#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/judged_run.h"
#include "results/layout.h"

// What a server's threads make of a run.
namespace duelio::results {

// None of nothing at all.
std::optional<double> largest_over_mean(const std::vector<double>& values);

// Sentences about the CPUs that they had.
std::vector<std::string> warnings_about_cpus(const Manifest& manifest);

// Sentences about connections that fell unevenly on threads with a listener each, and whether that
// was the largest part of what an entry's blocks scatter by.
std::vector<std::string> warnings_about_queues(const Layout& layout, const JudgedRun& judged);

}  // namespace duelio::results
