#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <boost/program_options/variables_map.hpp>

#include "results/record.h"

namespace duelio::compare {

// CPU work in a handler, as --handler-cpu and an entry's handler-cpu take it. Throws
// std::invalid_argument, also for more than a server does.
std::chrono::nanoseconds parse_handler_cpu(std::string_view text);

// Whether that duelio-server has the flag --deadlines; older ones have no deadlines.
bool has_deadlines(const std::string& executable);

// Why the server of a backend's entry cannot be reached over a Unix socket, "has ..."; empty: it
// can.
std::string refusal_over_unix(const results::EntrySpec& entry);

// What --backends, --entry, --server and --peer name, in that order. Everything that can be known
// before a server is started is: a backend that is not there, a way of sharing that it has not, a
// file that is missing. Throws cli::UsageError, which names the flag and the value.
// Threads that an entry does not name are 0: --threads says.
std::vector<results::EntrySpec> parse_entries(const boost::program_options::variables_map& values);

}  // namespace duelio::compare
