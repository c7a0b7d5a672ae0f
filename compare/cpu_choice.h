#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/program_options/variables_map.hpp>

#include "compare/options.h"
#include "compare/topology.h"

namespace duelio::compare {

// Where servers and generators run: --server-cpus and --client-cpus, of those that this process may
// use, or CPUs of different cores for as many threads as the servers of the entries have
// (topology.h). Throws cli::UsageError.
void choose_cpus(const boost::program_options::variables_map& values, Options& options);

// Those of servers and generators, each once.
std::vector<int> used_cpus(const results::Plan& plan);

// What speaks against these CPUs for servers with so many threads, a sentence each.
std::vector<std::string> doubts_about_cpus(const results::Plan& plan, unsigned threads,
                                           const std::vector<Cpu>& topology,
                                           std::optional<double> quota);
// The same, on this machine.
std::vector<std::string> doubts_about_cpus(const Options& options);

}  // namespace duelio::compare
