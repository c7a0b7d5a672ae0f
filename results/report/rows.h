#pragma once

#include <span>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "results/judged_run.h"

// Rows that more than one figure shows.
namespace duelio::results {

// Four digits are more than any figure shows; fewer bytes for large runs.
double rounded(double value);

// The factor from a metric's unit to the one that is shown, and that one's name: "µs", "1/s".
double shown_factor(const Metric& metric) noexcept;
std::string shown_unit(const Metric& metric);

// {entry, kind, load, ratio, low, high, word, band_low, band_high}; the reference against itself
// is of the kind "control".
boost::json::array ratio_rows(const JudgedRun& run, const Judgement& judgement);

// What a lane showed over each block, of the lanes that stand for an entry: the control is the
// reference again and left out. visit(lane).
template <class Visit>
void for_each_lane(const Run& run, std::string_view entry, Visit visit) {
  for (const Block& block : run.blocks) {
    for (const Lane& lane : block.lanes) {
      if (lane.entry == entry && lane.role != Role::control) visit(lane);
    }
  }
}

// {value, low, high}: the median and the middle half, rounded. Pre: not empty.
boost::json::object middle_row(std::span<const double> values);
boost::json::object middle_row(const Level& level, double factor);

}  // namespace duelio::results
