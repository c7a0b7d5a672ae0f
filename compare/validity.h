#pragma once

#include <optional>
#include <string>

#include "results/record.h"

namespace duelio::compare {

// A foreign server's processes came or went in the window, and part of its CPU time with them.
inline const std::string unseen_time =
    "processes of the server came or went, so that its CPU time is not known";

// Why a window does not count: what the machine or the generator did to it, never what its entry
// did. common/thresholds.h; METHODOLOGY.md, "Void windows".
std::optional<std::string> void_cause(const results::Window& window, const results::Load& load);

}  // namespace duelio::compare
