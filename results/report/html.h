#pragma once

#include <string>

#include "results/report/data.h"

namespace duelio::results {

// One self-contained page: no network, readable without scripts. The same run gives the same bytes.
std::string to_html(const Report& report);

}  // namespace duelio::results
