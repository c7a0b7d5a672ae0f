#pragma once

#include <array>
#include <utility>

#include <boost/json.hpp>

#include "loadgen/tally.h"

// Parts of a tally as loadgen.schema.json describes them.
namespace duelio::loadgen {

inline constexpr std::array quantiles{std::pair{"p50", 0.5},      std::pair{"p75", 0.75},
                                      std::pair{"p90", 0.9},      std::pair{"p95", 0.95},
                                      std::pair{"p99", 0.99},     std::pair{"p99_9", 0.999},
                                      std::pair{"p99_99", 0.9999}};

// Count, extremes, mean and quantiles; null when empty.
boost::json::value summary_of(const Histogram& histogram);

// The same, and the histogram itself.
boost::json::value distribution_of(const Histogram& histogram);

boost::json::array errors_of(const Tally& tally);

}  // namespace duelio::loadgen
