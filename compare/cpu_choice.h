#pragma once

#include <boost/program_options/variables_map.hpp>

#include "results/record.h"

namespace duelio::compare {

// Where servers and generators run: --server-cpus and --client-cpus, of those that this process may
// use, or the first allowed CPU for servers and the first of another core for generators. Throws
// cli::UsageError.
void choose_cpus(const boost::program_options::variables_map& values, results::Plan& plan);

}  // namespace duelio::compare
