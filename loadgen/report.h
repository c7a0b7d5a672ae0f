#pragma once

#include <ostream>

#include <boost/json/fwd.hpp>

#include "loadgen/run.h"

namespace duelio::loadgen {

// As loadgen.schema.json describes it; "search" is null, for the caller to fill.
boost::json::object to_json(const Options& options, const Result& result);

void print_summary(std::ostream& out, const Options& options, const Result& result);

// HdrHistogram's percentile distribution, values in microseconds.
void write_hgrm(std::ostream& out, const Histogram& histogram);

}  // namespace duelio::loadgen
