#pragma once

#include <ostream>
#include <string_view>

#include "servers/options.h"
#include "servers/signals.h"

namespace duelio::server {

// A line for each backend and, indented, for each of its options; or a JSON array of {name, model,
// sharings, available, reason, features, options: [{name, about, available, reason, not_with,
// sharings, tcp_only}], deadlines, unix}.
void list_backends(std::ostream& out, bool json);

// Listens, announces itself with one line on `out`, serves until a signal, and writes the counters.
// Throws std::runtime_error (std::system_error for a failed system call).
void serve(const Options& options, const StopSignals& signals, std::ostream& out);

// Throws std::runtime_error that says why the backend, or one of its options that were chosen,
// cannot run here and what to do about it.
Support require_available(const Options& options);

// Replaces this process by the executable of that name beside it, with the same arguments. Throws
// std::system_error.
[[noreturn]] void become(std::string_view executable, char** argv);

}  // namespace duelio::server
