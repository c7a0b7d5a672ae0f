#pragma once

#include <string_view>

#include "results/manifest.h"

namespace duelio::compare {

// "hello", "pipelined", "pipelined:4": a workload by its name, and behind the colon its number,
// where it has one: requests in flight, requests of a connection, bytes of a body, idle connections
// (MODELS.md, "Workloads"). Throws std::invalid_argument.
results::Workload parse_workload(std::string_view text);

}  // namespace duelio::compare
