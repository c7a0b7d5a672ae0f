#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

}  // namespace duelio::results
