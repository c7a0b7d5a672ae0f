#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/cli.h"

namespace duelio::compare {

// One thing that is compared: a backend of our server in some configuration, or a foreign server.
struct Entry {
  std::string name;
  std::string backend;    // empty for a peer
  std::string peer_file;  // empty for a backend
  std::string server;     // executable of another build; empty: the duelio-server beside us
  std::string sharing;    // empty: natural
  unsigned threads = 1;
  std::uint64_t handler_cpu_ns = 0;
  unsigned idle_connections = 0;  // beside those of the workload
};

// What the client does. METHODOLOGY.md, "Workloads".
struct Workload {
  std::string name;
  std::string target = "/";
  unsigned pipeline = 1;
  std::uint64_t requests_per_connection = 0;
  std::string method = "GET";
  std::uint64_t body_bytes = 0;
  unsigned idle_connections = 0;
};

// One experiment. A matrix is several, each with a results file of its own.
struct Options {
  std::vector<Entry> entries;
  std::string reference;
  Workload workload;
  std::string preset;
  std::vector<std::size_t> looks;  // numbers of rounds after which the data is looked at, ascending
  std::chrono::nanoseconds warmup{};
  std::chrono::nanoseconds closed{};  // length of the closed-loop window
  std::chrono::nanoseconds open{};    // of the open-loop window
  unsigned connections = 64;
  std::optional<double> rate;  // none: 0.3 of what the slowest entry reaches
  std::vector<int> server_cpus;
  std::vector<int> client_cpus;
  // Whether the open loop's generator polls: where its CPUs are its own. One that sleeps is late by
  // the timer's wake-up, which on a virtual machine is more than a server's answer takes.
  bool generator_polls() const;
  std::uint64_t seed = 0;
  double minimum_effect = 0.02;
  double alpha = 0.05;
  std::string output;
  std::size_t cell = 1;  // of the matrix, from 1
  std::size_t cells = 1;
  std::optional<double> fail_on;  // gate: a ratio of the primary metric that is a regression
  bool only_primary = false;      // the open loop alone
  bool accept_noise = false;      // disturbed rounds count; only to try the tools
  bool resume = false;            // output is an unfinished run that goes on
  bool dry_run = false;
  bool doctor = false;
  std::vector<std::string> command;
};

extern const cli::Tool tool;

// The cells of the matrix, one if no flag has a list; none when --help or --version was answered.
// Throws cli::UsageError.
std::vector<Options> parse_options(int argc, const char* const* argv);

}  // namespace duelio::compare
