#pragma once

#include <span>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "results/report/figure.h"

namespace duelio::results {

// A panel with the figure that it belongs to.
struct Drawing {
  const RegisteredFigure* figure;
  Panel panel;
  boost::json::array colours;  // of its entries as they appear: an entry has one in all figures
};

// What the panels and headings of one of several runs are named with: "run-2-"; nothing for the
// only one.
std::string run_prefix(std::size_t index, std::size_t count);

// Those that have something to show, section by section.
std::vector<Drawing> drawings(const JudgedRun& run, const std::string& prefix);
std::vector<Drawing> drawings_across(std::span<const JudgedRun> runs);

// {theme, specs, columns, texts, figures: {id: {spec, data, colours, height, ...}}}: what page.js
// draws from. Rows are packed: {fields, rows}, where a cell [N] is texts[N].
boost::json::object figures_json(const std::vector<Drawing>& drawings);

// Writes each panel as a complete spec, FOLDER/<id>.vl.json, and has node draw them beside it.
// False when node could not (it said why). Throws std::system_error when there is no node, or no
// folder can be made.
bool draw_figures(std::span<const JudgedRun> runs, const std::string& folder);

}  // namespace duelio::results
