#pragma once

#include <string>

#include "results/judged_run.h"

namespace duelio::results {

// What is said beside the figures of causes: a sentence for each difference, each call with what it
// does inside, and what is missing. Nothing where nothing was to be sampled.
std::string why_sentences(const JudgedRun& run);
std::string why_tables(const JudgedRun& run);

}  // namespace duelio::results
