#pragma once

#include <functional>
#include <string_view>

#include "loadgen/options.h"
#include "loadgen/tally.h"

namespace duelio::loadgen {

struct Result {
  Tally tally;
  std::int64_t start_unix_ns = 0;  // when the window opened
  double measured_s = 0;           // length of the window
  bool interrupted = false;
  unsigned source_addresses = 0;  // 0: the kernel chose
};

// Told as each phase begins: connected, warmup, measure, drain, end; with CLOCK_MONOTONIC in
// nanoseconds.
using OnPhase = std::function<void(std::string_view phase, std::int64_t now_ns)>;

// Connects, loads, drains. SIGINT and SIGTERM end the window early. Throws std::runtime_error when
// the target cannot be resolved or no connection can be opened.
Result run_load(const Options& options, const OnPhase& on_phase);

}  // namespace duelio::loadgen
