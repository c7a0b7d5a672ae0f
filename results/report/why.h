#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "results/judged_run.h"
#include "results/report/draw.h"
#include "results/report/figure.h"

namespace duelio::results {

// Those with the reference, then the others.
std::vector<const Explanation*> all_explanations(const JudgedRun& run);

// A panel of an explanation, still without rows; which one stands at `place` is chosen by the
// reader. `what` ends the title: "by system call".
Panel why_panel(const JudgedRun& run, const Explanation& explanation, std::string_view place,
                std::string_view what);

// Adds {difference, low, high, told}, in µs; no interval is null.
void add_difference(boost::json::object& row, const Part& part);

// What is said beside the figures of causes: a sentence for each difference, each call with what it
// does inside, and what is missing. Nothing where nothing was to be sampled.
std::string why_sentences(const JudgedRun& run);
// Which pair at which load is shown, and how the figures are read.
std::string why_chooser(const std::vector<Drawing>& drawings);
std::string why_tables(const JudgedRun& run);

}  // namespace duelio::results
