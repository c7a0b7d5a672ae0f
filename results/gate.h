#pragma once

#include <ostream>

#include "results/judged_run.h"

// Did a build get worse? Two runs, or the entries of one run, held against each other.
namespace duelio::results {

// What a continuous-integration job acts on; the numbers are duelio-report's exit codes.
enum class Gate : int {
  passed = 0,     // every interval lies within the limit
  regressed = 1,  // one lies wholly beyond it, or an entry does not do the work any more
  nothing_matched = 2,
  invalid = 3,         // a run was not finished, or could not tell its reference from itself
  not_comparable = 4,  // other machine, other kind of build, other load
  cannot_tell = 5,     // an interval reaches beyond the limit, but not wholly
};

struct GateRule {
  double fail_on = 0.05;  // of the ratio of the primary metric
  double alpha = 0.05;    // over all entries and loads together
  bool allow_unlike = false;
};

// Compares the primary metric's ratio to the reference in each run, block by block, for the entries
// and loads that both runs have, and prints a line for each. A machine that is slower today slows
// the reference, too, so it is no regression; neither is what slows them all alike. Never passes
// when nothing matched.
Gate hold_against(const JudgedRun& baseline, const JudgedRun& candidate, const GateRule& rule,
                  std::ostream& out);

// Holds the entries of one run against its reference. What the control could not tell apart is no
// regression.
Gate hold_within(const JudgedRun& judged, const GateRule& rule, std::ostream& out);

}  // namespace duelio::results
