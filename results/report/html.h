#pragma once

#include <span>
#include <string>

#include "results/report/data.h"

namespace duelio::results {

// One self-contained page: no network, readable without scripts. The same runs give the same bytes.
// Several runs are beside each other in an overview, then one after the other. Pre: not empty.
std::string to_html(std::span<const Report> reports);
inline std::string to_html(const Report& report) {
  return to_html({&report, 1});
}

}  // namespace duelio::results
