#pragma once

#include "compare/network.h"
#include "compare/options.h"

namespace duelio::compare {

// Runs the experiment into options.output and prints the table. Returns the tool's exit code.
int run_experiment(const Options& options, Network& network);

}  // namespace duelio::compare
