// The ratio to the reference over the load: where a model pays, where it costs, where that turns.

#include <array>

#include <boost/json.hpp>

#include "results/report/figure.h"
#include "results/report/rows.h"

namespace duelio::results::figures {
namespace {

constexpr std::array columns{Column{"entry", "entry"},         Column{"load", "load"},
                             Column{"ratio", "ratio", "%.3f"}, Column{"low", "from", "%.3f"},
                             Column{"high", "to", "%.3f"},     Column{"word", "verdict"}};

std::vector<Panel> panels(const JudgedRun& run) {
  std::vector<Panel> all;
  for (const Metric& metric : metrics()) {
    const auto judgements = run.judgements_of(metric.id);
    if (judgements.size() < 2) continue;  // figures/ratio.cpp
    boost::json::array rows;
    for (const Judgement* judgement : judgements) {
      for (auto& row : ratio_rows(run, *judgement)) rows.push_back(std::move(row));
    }
    if (rows.empty()) continue;
    const bool is_primary = &metric == &metrics().front();
    const std::string better = metric.lower_is_better ? "lower is better" : "higher is better";
    all.push_back({.section = is_primary ? Section::answer : Section::ratios,
                   .id = "ratio-" + std::string(metric.id),
                   .title = std::string(metric.title) + ", ratio to " + run.run.manifest.reference,
                   .note = is_primary
                               ? better + ". Band: where the ratio lies; shaded: differences "
                                          "that do not matter; dashed: the reference "
                                          "against itself"
                               : better,
                   .rows = std::move(rows)});
  }
  return all;
}

}  // namespace

extern const Figure sweep{.columns = columns, .of_run = panels};

}  // namespace duelio::results::figures
