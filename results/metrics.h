#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "results/record.h"

namespace duelio::results {

// What is compared; a row of metrics.cpp each. Each metric is a family of its own: with 95 % all
// its intervals, of all candidates at all loads, hold together; across metrics nothing is promised.
struct Metric {
  std::string_view id;     // "cpu", as --sort and the figures' names have it
  std::string_view title;  // "server CPU per request"
  std::string_view less;   // how a smaller value reads: "less CPU per request"
  std::string_view more;
  std::string_view unit;  // "ns", "1/s", "1", "bytes"
  bool lower_is_better = true;
  bool in_open_loop = true;  // at which loads it means something
  bool in_closed_loop = true;
  // Exactly one of the two. Of a window: its turn is the pair, a block's estimate is over its
  // turns. Of a lane at a load over a whole block: where one window has too little.
  std::optional<double> (*of_window)(const Window& window) = nullptr;
  std::optional<double> (*of_block)(const LaneLoad& lane) = nullptr;
};

// The primary one, server CPU per request, first.
std::span<const Metric> metrics() noexcept;

}  // namespace duelio::results
