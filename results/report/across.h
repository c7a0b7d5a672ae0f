#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/report/data.h"

// Several runs beside each other.
namespace duelio::results {

// "day-2.jsonl", with its folders where another run's file has the same name.
std::vector<std::string> names_of(std::span<const Report> reports);

// What a series of runs varies.
enum class Axis : std::uint8_t { connections, handler_cpu, rate };
std::string_view to_string(Axis axis) noexcept;  // "connections"

// Comparable runs of the same entries that differ in one thing only, each time in another value.
struct Series {
  Axis axis;
  std::vector<const Report*> reports;  // by the value
};
std::optional<Series> series_of(std::span<const Report> reports);

// {at, and what ratio_rows() has}: the primary metric
boost::json::array scaling_rows(const Series& series);
// {entry, kind, offered, rate, us, low_us, high_us}: p99 at the achieved rate; none for another
// axis
boost::json::array throughput_rows(const Series& series);

// CPU work per request: "1 us", or "0 s to 20 us" where the entries differ.
std::string handler_cpu(const Run& run);

}  // namespace duelio::results
