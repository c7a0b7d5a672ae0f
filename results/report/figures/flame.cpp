// Where the CPU time of two entries goes, function by function, with who called whom: a flame graph
// of both, the root at the top.

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include <boost/json.hpp>

#include "results/report/figure.h"
#include "results/report/rows.h"
#include "results/report/why.h"

namespace duelio::results::figures {
namespace {

constexpr std::array columns{Column{"function", "function"},
                             Column{"here", "the first, %"},
                             Column{"there", "the other, %"},
                             Column{"all", "difference, µs"},
                             Column{"difference", "without callees, µs"},
                             Column{"low", "from"},
                             Column{"high", "to"},
                             Column{"told", "told from none"}};

constexpr double width = 10'000;             // of all of it, in the figure's rows
constexpr std::size_t most_frames = 10'000;  // of all graphs of a run: some 300 kB of the page
constexpr std::size_t most_functions = 15;

double width_of(const Frame& frame) {
  return frame.to - frame.from;
}

// So many frames that a page is still one to mail: of many pairs only the wide ones.
double narrowest(const std::vector<const Explanation*>& explanations) {
  std::vector<double> widths;
  for (const Explanation* const explanation : explanations) {
    for (const Frame& frame : explanation->frames) widths.push_back(width_of(frame));
  }
  if (widths.size() <= most_frames) return 0;
  const auto last = widths.begin() + static_cast<std::ptrdiff_t>(most_frames);
  std::nth_element(widths.begin(), last, widths.end(), std::greater<>());
  return std::nextafter(*last, 1.0);
}

boost::json::object row_of(const Frame& frame) {
  const int sign = !frame.part.is_told() ? 0 : frame.part.difference_ns > 0 ? 1 : -1;
  return {{"depth", frame.depth},
          {"function", frame.part.cause},
          {"from", std::lround(width * frame.from)},
          {"to", std::lround(width * frame.to)},
          {"here", std::lround(frame.part.entry_ns)},
          {"there", std::lround(frame.part.base_ns)},
          {"sign", sign}};
}

boost::json::array table_of(const Explanation& explanation) {
  const Part& all = explanation.frames.front().part;
  boost::json::array rows;
  for (const Part& own : explanation.by_function) {
    const auto with_callees =
        std::find_if(explanation.with_callees.begin(), explanation.with_callees.end(),
                     [&](const Part& part) { return part.cause == own.cause; });
    if (with_callees == explanation.with_callees.end()) continue;
    boost::json::object row{{"function", own.cause},
                            {"here", rounded(100 * with_callees->entry_ns / all.entry_ns)},
                            {"there", rounded(100 * with_callees->base_ns / all.base_ns)},
                            {"all", rounded(with_callees->difference_ns * 1e-3)}};
    add_difference(row, own);
    rows.push_back(std::move(row));
    if (rows.size() == most_functions) break;
  }
  return rows;
}

std::vector<Panel> panels(const JudgedRun& run) {
  const std::vector<const Explanation*> explanations = all_explanations(run);
  const double least = narrowest(explanations);
  std::vector<Panel> all;
  for (const Explanation* const explanation : explanations) {
    if (explanation->frames.empty()) continue;
    Panel panel = why_panel(run, *explanation, "why-flame", "by function");
    panel.note =
        "a box is as wide as the time that both spend in a function and what it calls, below it; "
        "bold: not the kernel's. Arrow keys move, Enter or a click zooms, Escape returns";
    for (const Frame& frame : explanation->frames) {
      if (width_of(frame) >= least) panel.rows.push_back(row_of(frame));
    }
    panel.table = table_of(*explanation);
    all.push_back(std::move(panel));
  }
  return all;
}

}  // namespace

extern const Figure flame{.columns = columns, .of_run = panels, .is_wide = true};

}  // namespace duelio::results::figures
