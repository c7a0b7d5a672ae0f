#pragma once

#include <chrono>
#include <stdexcept>

#include "compare/options.h"
#include "compare/probe.h"
#include "results/record.h"

namespace duelio::compare {

// Where our own executables are, and the details of a run that all slices share.
struct Setting {
  const Options& options;
  std::string bin;             // folder of duelio-server and duelio-loadgen
  double rate = 0;             // offered in the open loop
  std::vector<Event> counted;  // in a phase of its own
};

struct Window {
  std::chrono::nanoseconds warmup;
  std::chrono::nanoseconds length;
  bool look_at_half = false;
};
// In which system calls are counted, and from which the offered rate is chosen.
inline constexpr Window counted_window{std::chrono::milliseconds(50),
                                       std::chrono::milliseconds(150)};
inline constexpr Window calibration_window{std::chrono::milliseconds(100),
                                           std::chrono::milliseconds(300)};

// A slice could not be run at all; what() says which process failed and how.
class SliceFailed : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The user asked us to stop.
struct Interrupted {};

// Starts the entry's server, loads it (closed loop, then open loop), stops it, and fills the
// slice's phases, validity and causes. Throws SliceFailed and Interrupted; no process is left in
// any case.
void run_slice(const Setting& setting, const Entry& entry, results::Slice& slice,
               std::uint64_t seed);

// Requests/s that the entry reaches in a short closed loop: only to choose the offered rate.
double calibrate(const Setting& setting, const Entry& entry);

// How busy a short open loop at `rate` keeps the generator's busiest thread.
double generator_share(const Setting& setting, const Entry& entry, double rate);

}  // namespace duelio::compare
