#pragma once

#include <string>

#include "results/report/data.h"

namespace duelio::results {

// Which flag for which wish, as a table of the page.
std::string decisions(const Report& report);

}  // namespace duelio::results
