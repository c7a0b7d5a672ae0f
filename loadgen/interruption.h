#pragma once

#include <atomic>

namespace duelio::loadgen {

// Set by SIGINT and SIGTERM once they are handled.
extern std::atomic<bool> interrupted;

// A second one of either ends the process. SIGPIPE is ignored.
void handle_signals();

}  // namespace duelio::loadgen
