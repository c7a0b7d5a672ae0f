#pragma once

#include <string>

#include "results/record.h"

namespace duelio::results {

// load(), also of a file NAME.xz, which xz(1) decompresses. Throws BadFile and std::system_error.
Run read_run(const std::string& file);

}  // namespace duelio::results
