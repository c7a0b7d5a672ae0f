#pragma once

#include <chrono>
#include <string_view>
#include <vector>

#include <boost/program_options/variables_map.hpp>

#include "compare/options.h"

namespace duelio::compare {

// CPU work in a handler, as --handler-cpu and an entry's handler-cpu take it. Throws
// std::invalid_argument, also for more than a server does.
std::chrono::nanoseconds parse_handler_cpu(std::string_view text);

// What --backends, --entry, --server and --peer name, in that order. Throws cli::UsageError when
// one of them is malformed, a name occurs twice or there is none.
std::vector<Entry> parse_entries(const boost::program_options::variables_map& values);

}  // namespace duelio::compare
