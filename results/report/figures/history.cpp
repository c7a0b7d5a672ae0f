// The primary metric's ratio over revisions, with the revisions at which it changed.

#include "results/history.h"

#include <array>

#include <boost/json.hpp>

#include "results/report/figure.h"
#include "results/report/rows.h"
#include "results/report/words.h"

namespace duelio::results::figures {
namespace {

constexpr std::array columns{Column{"entry", "entry"},       Column{"started", "started"},
                             Column{"revision", "revision"}, Column{"ratio", "ratio", "%.3f"},
                             Column{"low", "from", "%.3f"},  Column{"high", "to", "%.3f"},
                             Column{"change", "change"}};

void add_rows(boost::json::array& rows, std::span<const JudgedRun> runs, const Series& series) {
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    const Point& point = series.points[i];
    const JudgedRun& run = runs[point.run];
    std::string change;
    for (const Step& step : series.steps) {
      if (step.point == i) change = signed_percent(step.ratio);
    }
    rows.push_back({{"entry", series.entry},
                    {"kind", run.kind(series.entry)},
                    {"run", point.run + 1},
                    {"started", run.run.manifest.started},
                    {"revision", run.run.manifest.build.revision},
                    {"ratio", rounded(point.ratio)},
                    {"low", rounded(point.interval.low)},
                    {"high", rounded(point.interval.high)},
                    {"change", change}});
  }
}

std::vector<Panel> panels(std::span<const JudgedRun> runs) {
  std::vector<Panel> all;
  if (!is_history(runs)) return all;
  const Metric& metric = metrics().front();
  for (const Series& series : history_of(runs)) {
    const std::string id = "history-" + load_slug(series.load);
    auto panel =
        std::find_if(all.begin(), all.end(), [&](const Panel& each) { return each.id == id; });
    if (panel == all.end()) {
      panel = all.insert(all.end(), {.section = Section::answer,
                                     .id = id,
                                     .title = std::string(metric.title) + " over revisions, " +
                                              load_phrase(series.load),
                                     .note = "lower is better; each ratio is of one run, in the "
                                             "order of their starts. A ring marks where the level "
                                             "changed"});
    }
    add_rows(panel->rows, runs, series);
  }
  std::erase_if(all, [](const Panel& panel) { return panel.rows.empty(); });
  return all;
}

}  // namespace

extern const Figure history{.columns = columns, .of_runs = panels};

}  // namespace duelio::results::figures
