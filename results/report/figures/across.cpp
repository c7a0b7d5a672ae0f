// The primary metric's ratio over what several runs vary: connections, threads or the handler's
// work. The load is varied inside a run.

#include <array>

#include <boost/json.hpp>

#include "results/report/figure.h"
#include "results/report/rows.h"
#include "results/report/series.h"
#include "results/report/words.h"

namespace duelio::results::figures {
namespace {

constexpr std::array columns{Column{"entry", "entry"},         Column{"load", "at"},
                             Column{"ratio", "ratio", "%.3f"}, Column{"low", "from", "%.3f"},
                             Column{"high", "to", "%.3f"},     Column{"word", "verdict"}};

Panel panel_at(const Load& load, const Axis& axis, const std::vector<const JudgedRun*>& series) {
  const Metric& metric = metrics().front();
  return {.section = Section::answer,
          .id = "across-" + load_slug(load),
          .title = std::string(metric.title) + " over " + std::string(axis.name) + ", " +
                   load_phrase(load),
          .note =
              "lower is better; each ratio is of one run. Shaded: differences that do not matter "
              "there",
          .rows = rows_over(axis, series, metric, load, "load", ratio_rows)};
}

std::vector<Panel> panels(std::span<const JudgedRun> runs) {
  std::vector<Panel> all;
  for (const Axis& axis : axes()) {
    const auto series = series_over(axis, runs);
    if (series.empty()) continue;
    for (const Load& load : series.front()->run.manifest.plan.loads) {
      Panel panel = panel_at(load, axis, series);
      if (!panel.rows.empty()) all.push_back(std::move(panel));
    }
    break;
  }
  return all;
}

}  // namespace

extern const Figure across{.columns = columns, .of_runs = panels};

}  // namespace duelio::results::figures
