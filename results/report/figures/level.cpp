// What each entry showed of its own, over the load.

#include <array>

#include <boost/json.hpp>

#include "results/report/figure.h"
#include "results/report/rows.h"
#include "results/report/words.h"

namespace duelio::results::figures {
namespace {

constexpr std::array columns{Column{"entry", "entry"}, Column{"load", "load"},
                             Column{"value", "median", "%.4g"}, Column{"low", "from", "%.4g"},
                             Column{"high", "to", "%.4g"}};

Panel panel_of(const Metric& metric, boost::json::array rows) {
  const std::string unit = shown_unit(metric);
  const bool is_latency = metric.unit == "ns" && !metric.in_closed_loop;
  return {.section = is_latency ? Section::latency : Section::levels,
          .id = "level-" + std::string(metric.id),
          .title = std::string(metric.title) + (unit.empty() ? "" : ", " + unit),
          .note = "median over blocks and their middle half",
          .rows = std::move(rows)};
}

std::vector<Panel> panels(const JudgedRun& run) {
  std::vector<Panel> all;
  for (const Metric& metric : metrics()) {
    const auto judgements = run.judgements_of(metric.id);
    if (judgements.size() < 2) continue;  // figures/bars.cpp
    boost::json::array rows;
    for (const Judgement* judgement : judgements) {
      for (const Level& level : judgement->levels) {
        boost::json::object row = middle_row(level, shown_factor(metric));
        row["entry"] = run.label(level.entry);
        row["load"] = load_tick(judgement->load);
        rows.push_back(std::move(row));
      }
    }
    if (!rows.empty()) all.push_back(panel_of(metric, std::move(rows)));
  }
  return all;
}

}  // namespace

extern const Figure level{.columns = columns, .of_run = panels};

}  // namespace duelio::results::figures
