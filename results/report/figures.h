#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "results/report/data.h"

namespace duelio::results {

// A spec of results/plots/ and the rows that it shows.
struct Figure {
  std::string id;  // "ratio-cpu"
  std::string_view spec;
  boost::json::array rows;
};

// What the figures and headings of one of several runs are named with: "run-2-"; nothing for the
// only one.
std::string run_prefix(std::size_t index, std::size_t count);

// Those that have something to show, in the page's order.
std::vector<Figure> figures(const Report& report, const std::string& prefix);
// Those across runs that make a series; none otherwise.
std::vector<Figure> figures_across(std::span<const Report> reports);

// {theme, specs, figures: {id: {spec, rows, height}}}: what page.js draws from.
boost::json::object figures_json(const std::vector<Figure>& figures);

// Writes each figure as a complete spec, FOLDER/<id>.vl.json, and has node draw them beside it;
// also "summary", the primary metric above the throughput. False when node could not (it said why).
// Throws std::system_error when there is no node, or no folder can be made.
bool draw_figures(std::span<const Report> reports, const std::string& folder);

}  // namespace duelio::results
