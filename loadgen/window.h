#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <boost/json/object.hpp>
#include <sys/types.h>

#include "loadgen/generator.h"
#include "loadgen/options.h"
#include "loadgen/tally.h"

namespace duelio::loadgen {

struct Window {
  Load load;
  std::chrono::nanoseconds lead_in = std::chrono::milliseconds(6);  // load that is not counted
  std::chrono::nanoseconds length = std::chrono::milliseconds(25);  // without load.requests
  std::vector<pid_t> pids;         // whose CPU clocks are read at the edges
  std::optional<std::int64_t> at;  // CLOCK_MONOTONIC: when the lead-in begins; none: at once
};

// Opens what connections are missing, measures one window, and waits until all that was sent is
// answered; as FORMAT.md describes it at "window". `tally` is scratch: made once, since it is
// large. Throws when no connection can be opened.
boost::json::object measure(Generator& generator, const Window& window, Tally& tally);

}  // namespace duelio::loadgen
