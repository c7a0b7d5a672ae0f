#include "compare/validity.h"

#include "common/thresholds.h"

namespace duelio::compare {

std::optional<std::string> void_cause(const results::Window& window, const results::Load& load) {
  using namespace thresholds;
  if (window.across) {  // whatever the load: rates of different times do not add up
    if (static_cast<double>(window.across->late_ns) * 1e-9 > generator_apart * window.length_s)
      return "a host was told of the window too late";
    if (window.generator_apart.value_or(0) > generator_apart)
      return "the hosts did not measure the same time";
  }
  // In the closed loop a busy generator is a result, and the one who waits asks for less.
  if (!load.is_open()) return std::nullopt;
  if (window.generator_share > generator_busy) return "the generator was busy all the time";
  if (window.generator_delay > generator_delay) return "the generator waited for a CPU";
  if (window.generator_apart.value_or(0) > generator_apart)
    return "the generator's threads did not measure the same time";
  if (window.server_delay.value_or(0) > server_delay)
    return "another process was on the server's CPU";
  if (window.dispatch_lag_p50_ns > generator_lag * window.p50_ns) return "the generator was late";
  return std::nullopt;
}

}  // namespace duelio::compare
