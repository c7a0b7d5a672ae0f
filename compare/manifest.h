#pragma once

#include <boost/json/fwd.hpp>

#include "compare/options.h"

namespace duelio::compare {

// The first record of a results file: what is compared, by which plan, on what machine, with which
// build.
boost::json::object manifest(const Options& options, double rate, std::int64_t started_unix_s);

}  // namespace duelio::compare
