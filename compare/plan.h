#pragma once

#include <ostream>

#include "compare/options.h"

// What an experiment is going to do, and how long that takes.
namespace duelio::compare {

// How long the whole run takes, without repeated rounds.
double estimate_s(const Options& options);

void print_plan(std::ostream& out, const Options& options);

}  // namespace duelio::compare
