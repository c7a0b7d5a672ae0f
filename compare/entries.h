#pragma once

#include <vector>

#include <boost/program_options.hpp>

#include "compare/options.h"

namespace duelio::compare {

// What --backends, --entry, --server and --peer name, in that order. Throws cli::UsageError when
// one of them is malformed, a name occurs twice or there is none.
std::vector<Entry> parse_entries(const boost::program_options::variables_map& values);

}  // namespace duelio::compare
