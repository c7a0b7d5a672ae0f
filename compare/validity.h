#pragma once

#include <optional>
#include <string>

#include "results/record.h"

namespace duelio::compare {

// Why a window does not count: what the machine or the generator did to it, never what its entry
// did. common/thresholds.h; METHODOLOGY.md, "Void windows".
std::optional<std::string> void_cause(const results::Window& window, const results::Load& load);

}  // namespace duelio::compare
