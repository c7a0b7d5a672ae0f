#pragma once

#include <ostream>

#include "compare/options.h"

namespace duelio::compare {

// How long the whole run takes, without repeated rounds.
double estimate_s(const Options& options);

void print_plan(std::ostream& out, const Options& options);

// Runs the experiment into options.output and prints the table. Returns the tool's exit code;
// throws std::runtime_error when the first slice of an entry cannot be run.
int run_experiment(const Options& options);

}  // namespace duelio::compare
