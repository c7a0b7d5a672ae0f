#pragma once

#include <cstddef>
#include <vector>

#include "results/stacks.h"
#include "results/take_apart.h"

namespace duelio::results {

// A function with all that called it, where two entries spend their time: a box of a flame graph.
// It is as wide as the CPU time that the two have in it and in what it calls together, so nothing
// of either is lost.
struct Frame {
  std::size_t depth = 0;  // 0: all of it
  double from = 0;        // of the width of all of it, which is 1
  double to = 0;
  Part part;  // of it with what it calls; the cause is the function
};

// Of the two's samples. In the order in which they are drawn: a function stands before what it
// calls, the widest first. Frames that are too narrow to be seen are left out.
std::vector<Frame> frames_of(const StackTree& tree, const StackTree::ByBlock& entry,
                             const StackTree::ByBlock& base, const Timed& timed, double alpha);

}  // namespace duelio::results
