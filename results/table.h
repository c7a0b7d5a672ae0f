#pragma once

#include <ostream>
#include <string>

#include "results/judged_run.h"

namespace duelio::results {

// The run as text: the answers in a sentence each, then a table for each metric, then what the
// entries and the machine did. `colour` for terminals.
void print_table(std::ostream& out, const JudgedRun& judged, bool colour);

using TableRow = std::vector<std::string>;

// Columns as wide as their longest cell; the first is aligned left.
void print_rows(std::ostream& out, const std::vector<TableRow>& rows);

// "hello, 64 connections, one worker thread": what the figures were measured at, beside the load.
std::string format_setting(const Run& run);

// Of Plan::network: "over Unix sockets".
std::string words_of_network(std::string_view network);

// "10% (4.50 k/s)", "max".
std::string format_load(const Load& load);

// "4.82 us", "84.2 k/s", "3.08" by the metric's unit.
std::string format_value(const Metric& metric, double value);

// "0.939 [0.925, 0.952]".
std::string format_ratio(const Contrast& contrast);

}  // namespace duelio::results
