#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "compare/options.h"

namespace duelio::compare {

// One look at what this machine does to results.
struct Finding {
  enum class State : std::uint8_t { good, flawed, unusable };
  std::string what;
  std::string found;
  State state = State::good;
  std::string cost;    // what the flaw costs a result; empty when good
  std::string change;  // what to do about it
};

// The quantile, over all moments of `total`, of how much of a pause is left: how late a thread
// looks up that wants to at a random moment. All in nanoseconds.
std::int64_t lateness(std::vector<std::int64_t> pauses, std::int64_t total, double quantile);

// Takes three seconds, in which it watches steal, pauses and timers; pins the calling thread to the
// load generator's CPU.
std::vector<Finding> examine(int server_cpu, int client_cpu);

void print_findings(std::ostream& out, const std::vector<Finding>& findings, bool colour);

}  // namespace duelio::compare
