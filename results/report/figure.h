#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>

#include "results/judged_run.h"

// A figure is two files, figures/NAME.cpp with its rows and figures/NAME.vl.json with its Vega-Lite
// spec, and one line in CMakeLists.txt.
namespace duelio::results {

// Where on the page a figure stands; in the page's order.
enum class Section : std::uint8_t { answer, why, ratios, latency, levels, blocks };

// Of panels that share a place on the page: the reader chooses which one stands there.
struct Choice {
  std::string place;             // "why-call"
  std::string pair;              // "asio against epoll-et"
  std::string load;              // "10 % (12.0 k/s)"
  bool is_for_the_page = false;  // too many to be written as files, too
};

// What a figure shows once: a metric, a load. Its rows are a flat table, one object a row, as
// Vega-Lite reads them; a user can paste spec and rows into a notebook.
struct Panel {
  Section section = Section::ratios;
  std::string id;     // "ratio-cpu": of its file and of its element
  std::string title;  // "server CPU per request"
  std::string note;   // what the reader needs to read it
  boost::json::array rows;
  std::optional<Choice> choice{};
  boost::json::array table{};  // rows of the table beside it, where those of the figure say less
};

// How the rows are shown as a table beside the figure, for those who do not see it.
struct Column {
  std::string_view field;
  std::string_view head;
  const char* format = nullptr;  // as of printf, for numbers
};

// A figure is of one run, or of several that make a series. What has nothing to show gives no
// panel.
struct Figure {
  std::span<const Column> columns;
  std::vector<Panel> (*of_run)(const JudgedRun& run) = nullptr;
  std::vector<Panel> (*of_runs)(std::span<const JudgedRun> runs) = nullptr;
  bool is_wide = false;  // as wide as the page
};

struct RegisteredFigure {
  std::string_view name;
  std::string_view spec;
  const Figure* figure;
};

// In the order of the list in CMakeLists.txt, which is that of a page's section.
std::span<const RegisteredFigure> registered_figures() noexcept;

}  // namespace duelio::results
