#pragma once

#include <vector>

#include "compare/options.h"
#include "compare/site.h"

namespace duelio::compare {

// Runs the experiment into options.output, its processes at `site`, and prints the table. Returns
// the tool's exit code. Throws what speaks against it before the first window.
int run_experiment(const Options& options, Site& site);

// One after the other, until one is interrupted or the site is no longer whole. Returns the worst
// exit code.
int run_experiments(const std::vector<Options>& cells, Site& site);

}  // namespace duelio::compare
