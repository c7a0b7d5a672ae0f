#pragma once

#include <ostream>

#include "results/record.h"

// Did a build get worse? Two runs, or the entries of one run, held against each other.
namespace duelio::results {

// What a continuous-integration job acts on; the numbers are duelio-report's exit codes.
enum class Gate : int {
  passed = 0,
  regressed = 1,  // an interval lies wholly beyond the limit
  nothing_matched = 2,
  invalid = 3,         // a run was not finished, or could not tell its reference from itself
  not_comparable = 4,  // other machine, other kind of build, other load
};

struct GateRule {
  double fail_on = 0.05;  // of the ratio of the primary metric
  double alpha = 0.05;    // over all entries together
  bool allow_unlike = false;
};

// Compares the primary metric of the entries that both runs have, the rounds of the one with the
// rounds of the other (unpaired: they ran on different days), and prints a line for each. Never
// passes when nothing matched.
Gate hold_against(const Run& baseline, const Run& candidate, const GateRule& rule,
                  std::ostream& out);

// Holds the entries of one run against its reference, round by round (paired: they ran side by
// side). What the control could not tell apart is no regression.
Gate hold_within(const Run& run, const GateRule& rule, std::ostream& out);

}  // namespace duelio::results
