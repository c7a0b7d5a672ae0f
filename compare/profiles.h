#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "compare/sampler.h"
#include "results/record.h"

namespace duelio::compare {

// Long, for a sample comes every millisecond, and only while the server has a CPU.
inline constexpr std::chrono::milliseconds profile_window{400};

// A window of one lane during which samples of all lanes were taken.
struct Sampled {
  results::Profile profile;  // its frames and stacks are yet to be filled in
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
  std::vector<pid_t> processes{};  // of the lane's server
};

// Each sample is its lane's, and its window's by the time; others are of no window. Equal stacks
// are counted as one.
std::vector<results::Profile> profiles(std::vector<Sampled> windows,
                                       const std::vector<StackSample>& samples);

}  // namespace duelio::compare
