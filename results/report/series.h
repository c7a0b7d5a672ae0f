#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "results/judged_run.h"

namespace duelio::results {

// What runs may vary: a plain number for each, or none where its entries differ in it.
struct Axis {
  std::string_view name;
  std::optional<std::uint64_t> (*value)(const Manifest& manifest);
  void (*level)(Manifest& manifest);  // makes all runs alike in it
};

// Connections, threads, the handler's CPU time.
std::span<const Axis> axes() noexcept;

std::string tick(const Axis& axis, const Manifest& manifest);

// Runs that differ in nothing else, in the order of the axis; empty when they are no series over
// it.
std::vector<const JudgedRun*> series_over(const Axis& axis, std::span<const JudgedRun> runs);

// What a figure shows of a metric at a load: the rows that each run of the series has, with the
// run's place on the axis under `field`.
using RowsOf = std::function<boost::json::array(const JudgedRun& run, const Judgement& judgement)>;
boost::json::array rows_over(const Axis& axis, const std::vector<const JudgedRun*>& series,
                             const Metric& metric, const Load& load, std::string_view field,
                             const RowsOf& rows_of);

}  // namespace duelio::results
