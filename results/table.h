#pragma once

#include <ostream>

#include "results/verdict.h"

namespace duelio::results {

// The run as text: the verdicts in a sentence each, then a line for every entry. `colour` for
// terminals.
void print_table(std::ostream& out, const Run& run, bool colour);

// "hello, 64 connections, 16.0 k/s offered, one worker thread": what the figures were measured at.
std::string format_load(const Run& run);

// "4.82 us", "84.2 k/s", "3.08" by the metric's unit.
std::string format_value(const Metric& metric, double value);

// "0.939 [0.925, 0.952]".
std::string format_ratio(const Contrast& contrast);

}  // namespace duelio::results
