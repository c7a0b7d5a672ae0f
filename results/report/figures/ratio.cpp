// The ratio to the reference of a metric that was measured at one load.

#include <array>

#include <boost/json.hpp>

#include "results/report/figure.h"
#include "results/report/rows.h"
#include "results/report/words.h"

namespace duelio::results::figures {
namespace {

constexpr std::array columns{Column{"entry", "entry"}, Column{"ratio", "ratio", "%.3f"},
                             Column{"low", "from", "%.3f"}, Column{"high", "to", "%.3f"},
                             Column{"word", "verdict"}};

std::vector<Panel> panels(const JudgedRun& run) {
  std::vector<Panel> all;
  for (const Metric& metric : metrics()) {
    const auto judgements = run.judgements_of(metric.id);
    if (judgements.size() != 1) continue;  // figures/sweep.cpp
    boost::json::array rows = ratio_rows(run, *judgements.front());
    if (rows.empty()) continue;
    all.push_back({.section = &metric == &metrics().front() ? Section::answer : Section::ratios,
                   .id = "ratio-" + std::string(metric.id),
                   .title = std::string(metric.title) + " " +
                            load_phrase(judgements.front()->load) + ", ratio to " +
                            run.run.manifest.reference,
                   .note = std::string(metric.lower_is_better ? "left" : "right") +
                           " is better; shaded: differences that do not matter",
                   .rows = std::move(rows)});
  }
  return all;
}

}  // namespace

extern const Figure ratio{.columns = columns, .of_run = panels};

}  // namespace duelio::results::figures
