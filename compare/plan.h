#pragma once

#include <ostream>
#include <vector>

#include "compare/options.h"

// What an experiment is going to do, and how long that takes.
namespace duelio::compare {

// How many turns fill a block of the wanted length at these loads.
std::size_t turns_for(const results::Plan& plan, std::size_t lanes,
                      std::chrono::nanoseconds block_length);

// How long the whole run takes. Before the calibration a load that is a share counts as one whose
// windows have the shortest length.
double estimate_s(const Options& options);

void print_plan(std::ostream& out, const Options& options);

// Of all cells of a matrix, and how long they take together.
void print_plans(std::ostream& out, const std::vector<Options>& cells);

}  // namespace duelio::compare
