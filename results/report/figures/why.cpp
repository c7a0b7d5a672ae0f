// Where the difference of two entries comes from, as a waterfall: each cause goes on where the one
// before it ended, and the last bar is all of it.

#include "results/report/why.h"

#include <array>
#include <cmath>

#include <boost/json.hpp>

#include "results/report/figure.h"
#include "results/report/rows.h"
#include "results/report/words.h"

namespace duelio::results::figures {
namespace {

constexpr std::array columns{Column{"cause", "cause"},
                             Column{"here", "the first, µs"},
                             Column{"there", "the other, µs"},
                             Column{"difference", "difference, µs"},
                             Column{"low", "from"},
                             Column{"high", "to"},
                             Column{"told", "told from none"}};

constexpr double small_share =
    0.005;  // of the whole: smaller ones that are not told are put together

boost::json::object row_of(const Part& part) {
  boost::json::object row{{"cause", part.cause},
                          {"here", rounded(part.entry_ns * 1e-3)},
                          {"there", rounded(part.base_ns * 1e-3)}};
  add_difference(row, part);
  return row;
}

void add(Part& sum, const Part& part) {
  sum.entry_ns += part.entry_ns;
  sum.base_ns += part.base_ns;
  sum.difference_ns += part.difference_ns;
}

boost::json::array rows_of(const Explanation& explanation, const std::vector<Part>& parts) {
  Part whole{.cause = "all of it"};
  for (const Part& part : parts) add(whole, part);
  whole.difference_ns = explanation.difference_ns;
  whole.interval = explanation.interval;
  Part rest{.cause = "the small rest"};
  boost::json::array rows;
  for (const Part& part : parts) {
    const bool is_small = std::abs(part.difference_ns) < small_share * whole.base_ns;
    if (is_small && !part.is_told()) {
      add(rest, part);
    } else {
      rows.push_back(row_of(part));
    }
  }
  rows.push_back(row_of(rest));
  rows.push_back(row_of(whole));
  return rows;
}

using Parts = std::vector<Part> Explanation::*;

std::vector<Panel> panels(const JudgedRun& run) {
  std::vector<Panel> all;
  const auto add_panels = [&](std::string_view place, std::string_view what, Parts parts,
                              bool says_it) {
    for (const Explanation* const explanation : all_explanations(run)) {
      Panel panel = why_panel(run, *explanation, place, what);
      panel.note = says_it ? with_micro(sentence(*explanation))
                           : "the same time, whichever call it was spent in";
      panel.rows = rows_of(*explanation, explanation->*parts);
      all.push_back(std::move(panel));
    }
  };
  add_panels("why-call", "by system call", &Explanation::by_call, true);
  add_panels("why-work", "by what was done", &Explanation::by_work, false);
  return all;
}

}  // namespace

extern const Figure why{.columns = columns, .of_run = panels};

}  // namespace duelio::results::figures
