#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <sys/types.h>

#include "common/histogram.h"
#include "compare/network.h"
#include "compare/probe.h"
#include "compare/process.h"
#include "results/record.h"

namespace duelio::compare {

// What a window is to be.
struct WindowOrder {
  std::optional<double> rate;  // none: the closed loop
  std::chrono::nanoseconds lead_in{};
  std::chrono::nanoseconds length{};
  std::uint64_t seed = 0;
  bool polls = false;
  std::vector<pid_t> server;       // whose CPU clocks are read at the edges; none: nobody's here
  std::optional<std::int64_t> at;  // CLOCK_MONOTONIC: when the lead-in begins; none: at once
};

// What the generator says of it; FORMAT.md, "The generator's control protocol".
struct WindowReport {
  double length_s = 0;
  std::uint64_t scheduled = 0;  // due (open loop) or sent (closed loop) in the window
  std::uint64_t completed = 0;  // of those, as they should be
  std::uint64_t finished = 0;   // good responses between the edges
  std::int64_t server_cpu_ns = 0;
  std::size_t lost_processes =
      0;                       // of the server: gone before the second edge, their time with them
  double generator_share = 0;  // of its busiest thread
  double dispatch_lag_p50_ns = 0;       // of its latest one
  std::optional<double> edges_apart_s;  // of its threads, at most; none: one thread
  std::vector<results::Failure> failures;
  Histogram latency;
  std::vector<std::int64_t> samples_ns;  // what it was made of, where the generator was asked
};

// What a generator's line says. `order` is what was asked for.
WindowReport report_of(const boost::json::object& line, const WindowOrder& order);

// A load generator that keeps its connections to one server and measures windows on command
// (duelio-loadgen --control). It sleeps between two commands.
class Generator {
 public:
  struct Target {
    std::string entry;  // for messages
    Endpoint server;
    std::uint64_t handler_cpu_ns = 0;
    unsigned idle_connections = 0;
    bool tells_samples = false;
  };

  // Opens the connections. Throws EntryFailed when not all could be, or Interrupted.
  Generator(const Target& target, const results::Workload& workload, const results::Plan& plan);

  // Throws EntryFailed when it says nothing, or Interrupted.
  WindowReport measure(const WindowOrder& order) { return report_of(line_of(order), order); }

  // As that, its line as it is.
  boost::json::object line_of(const WindowOrder& order);

  std::vector<ThreadTimes> thread_times() const;

 private:
  boost::json::object ask(const std::string& command, std::chrono::milliseconds limit);

  std::string entry_;
  Process process_;
};

}  // namespace duelio::compare
