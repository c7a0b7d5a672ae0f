#pragma once

#include <vector>

#include "common/command_line.h"
#include "compare/options.h"

namespace duelio::compare {

// Of an MPI job's hosts, which are told by rank, those that the flags name, each with one part
// only. Throws cli::UsageError.
void choose_hosts(const boost::program_options::variables_map& values,
                  const std::vector<Host>& hosts, Options& options);

// Each generator has a connection. Throws cli::UsageError.
void check_generators(const Options& options);

}  // namespace duelio::compare
