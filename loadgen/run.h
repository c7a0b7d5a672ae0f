#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/options.h"
#include "loadgen/tally.h"

namespace duelio::loadgen {

struct Result {
  Tally tally;
  std::int64_t start_unix_ns = 0;  // when the window opened
  double measured_s = 0;           // length of the window
  bool interrupted = false;
  unsigned source_addresses = 0;  // 0: the kernel chose
  struct Address {
    std::string text;  // "127.0.0.1:8000"
    std::uint64_t opened = 0;
    int first_error = 0;  // of a connect
  };
  std::vector<Address> addresses;  // of the server, in the order in which they were tried
};

// Told as each phase begins: connected, warmup, measure, drain, end; with CLOCK_MONOTONIC in
// nanoseconds.
using OnPhase = std::function<void(std::string_view phase, std::int64_t now_ns)>;

// How the measured window is going.
struct Progress {
  double rate = 0;           // completions/s since the last call
  std::uint64_t p99_ns = 0;  // of the last whole second, of the slowest thread; 0: not yet
  std::uint64_t errors = 0;
  double left_s = 0;
  std::uint64_t left_requests = 0;  // of --requests, in place of left_s
};
using OnProgress = std::function<void(const Progress&)>;

// Connects, loads, drains. SIGINT and SIGTERM end the window early. Throws std::runtime_error when
// the target cannot be resolved or no connection can be opened. `on_progress`, when there is one,
// is called four times a second in the window.
Result run_load(const Options& options, const OnPhase& on_phase,
                const OnProgress& on_progress = {});

}  // namespace duelio::loadgen
