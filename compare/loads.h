#pragma once

#include <chrono>
#include <string_view>
#include <vector>

#include "compare/options.h"

namespace duelio::compare {

// "10%,50%,20k,max": shares of what the slowest entry reaches, rates, and the closed loop. Throws
// std::invalid_argument.
std::vector<LoadSpec> parse_loads(std::string_view text);

// With rates, ascending, the closed loop last. `slowest`: requests/s in the closed loop.
std::vector<results::Load> resolve(const std::vector<LoadSpec>& specs, double slowest);

// Two significant digits: a rate that people can repeat by hand.
double round_rate(double rate);

// How long a window and its lead-in last at a load: as planned, or as long as some hundred requests
// take, or as the closed loop needs.
struct Times {
  std::chrono::nanoseconds lead_in;
  std::chrono::nanoseconds window;
};
Times times_of(const results::Plan& plan, const results::Load& load);

// One window of each lane at each load, with what lies between two windows.
std::chrono::nanoseconds turn_length(const results::Plan& plan, std::size_t lanes);

}  // namespace duelio::compare
