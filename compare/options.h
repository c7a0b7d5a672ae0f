#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "results/record.h"

namespace duelio::compare {

// A load as --load names it, before the calibration has said what the slowest entry reaches.
struct LoadSpec {
  std::string id;               // "10%", "20k", "max"
  std::optional<double> share;  // of what the slowest entry reaches in the closed loop
  std::optional<double> rate;   // requests/s; neither: the closed loop
};

// A host of an MPI job, as its agent tells of it.
struct Host {
  results::Machine machine;
  std::string boot_id;  // of its kernel: the same of hosts that are one machine
};

// One experiment. A matrix is several, each with a results file of its own. What the file records
// of it stands in the records themselves.
struct Options {
  std::vector<results::EntrySpec> entries;
  std::string reference;
  results::Workload workload;
  results::Plan plan;  // its loads and turns are known after the calibration
  std::vector<LoadSpec> loads;
  std::chrono::nanoseconds block_length{};  // of its windows together
  std::string preset;
  std::uint64_t seed = 0;
  std::string output;
  std::optional<double> fail_on;  // gate: a ratio of the primary metric that is a regression
  bool resume = false;            // output is an unfinished run that goes on
  bool dry_run = false;
  bool doctor = false;
  bool explain = false;          // windows that are sampled, so that differences can be taken apart
  std::string raw_samples;       // file of latencies as they were; empty: not wanted
  std::string server_interface;  // of the servers' host; empty: its first one
  std::optional<results::HostsUsed> hosts;  // none: this one. Their clocks are not known yet
  std::optional<results::Machine> machine;  // of the servers, where that is another than this
  std::vector<std::string> command;
};

// Lanes of a block: each entry, and the reference again.
inline std::size_t lanes_of(const Options& options) noexcept {
  return options.entries.size() + 1;
}

}  // namespace duelio::compare
