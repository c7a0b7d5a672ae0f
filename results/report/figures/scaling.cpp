// What each entry showed of its own over the number of threads, a run for each: whether it scales.

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "results/report/figure.h"
#include "results/report/rows.h"
#include "results/report/series.h"
#include "results/report/words.h"

namespace duelio::results::figures {
namespace {

constexpr std::array columns{Column{"entry", "entry"}, Column{"threads", "threads"},
                             Column{"value", "median", "%.4g"}, Column{"low", "from", "%.4g"},
                             Column{"high", "to", "%.4g"}};

boost::json::array level_rows(const JudgedRun& run, const Judgement& judgement) {
  boost::json::array rows;
  for (const Level& level : judgement.levels) {
    boost::json::object row = middle_row(level, shown_factor(*judgement.metric));
    row["entry"] = run.label(level.entry);
    rows.push_back(std::move(row));
  }
  return rows;
}

Panel panel_of(const Metric& metric, const Load& load, const Axis& axis,
               const std::vector<const JudgedRun*>& series) {
  const std::string unit = shown_unit(metric);
  return {.section = Section::answer,
          .id = "scaling-" + std::string(metric.id),
          .title = std::string(metric.title) + " over threads, " + load_phrase(load) +
                   (unit.empty() ? "" : ", " + unit),
          .note =
              "median over blocks and their middle half. Runs of different minutes: levels, "
              "not ratios",
          .rows = rows_over(axis, series, metric, load, "threads", level_rows)};
}

std::vector<Panel> panels(std::span<const JudgedRun> runs) {
  std::vector<Panel> all;
  const auto axis = std::find_if(axes().begin(), axes().end(),
                                 [](const Axis& each) { return each.name == "threads"; });
  const auto series = series_over(*axis, runs);
  if (series.empty()) return all;
  const Load& highest = series.front()->run.manifest.plan.loads.back();
  for (const Metric& metric : metrics()) {
    if (metric.id != "rate" && metric.id != "cpu") continue;
    Panel panel = panel_of(metric, highest, *axis, series);
    if (!panel.rows.empty()) all.push_back(std::move(panel));
  }
  return all;
}

}  // namespace

extern const Figure scaling{.columns = columns, .of_runs = panels};

}  // namespace duelio::results::figures
