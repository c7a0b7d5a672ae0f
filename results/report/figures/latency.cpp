// Latency by percentile at each offered rate, on an axis that counts nines.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include <boost/json.hpp>

#include "common/histogram.h"
#include "results/report/figure.h"
#include "results/report/rows.h"
#include "results/report/words.h"

namespace duelio::results::figures {
namespace {

constexpr std::array columns{Column{"entry", "entry"}, Column{"percentile", "percentile"},
                             Column{"value", "µs", "%.1f"}, Column{"low", "from", "%.1f"},
                             Column{"high", "to", "%.1f"}};

std::vector<Histogram> histograms_of(const Run& run, std::string_view entry, const Load& load) {
  std::vector<Histogram> all;
  for_each_lane(run, entry, [&](const Lane& lane) {
    for (const LaneLoad& at : lane.loads) {
      if (at.load != load.id || at.latency.empty()) continue;
      Histogram histogram;
      histogram.assign(at.latency);
      if (histogram.count() > 0) all.push_back(std::move(histogram));
    }
  });
  return all;
}

void add_rows(boost::json::array& rows, const std::string& label,
              const std::vector<Histogram>& histograms) {
  for (const double quantile : {0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999}) {
    const auto supports = [&](const Histogram& each) { return each.supports(quantile); };
    if (histograms.empty() || !std::all_of(histograms.begin(), histograms.end(), supports)) return;
    std::vector<double> us;
    us.reserve(histograms.size());
    for (const Histogram& histogram : histograms)
      us.push_back(static_cast<double>(histogram.quantile(quantile)) * 1e-3);
    std::array<char, 16> percentile{};
    std::snprintf(percentile.data(), percentile.size(), "%g", 100 * quantile);
    boost::json::object row = middle_row(us);
    row["entry"] = label;
    row["percentile"] = percentile.data();
    row["nines"] = rounded(-std::log10(1 - quantile));
    rows.push_back(std::move(row));
  }
}

std::vector<Panel> panels(const JudgedRun& run) {
  std::vector<Panel> all;
  for (const Load& load : run.run.manifest.plan.loads) {
    if (!load.is_open()) continue;
    boost::json::array rows;
    for (const EntrySpec& entry : run.run.manifest.entries)
      add_rows(rows, run.label(entry.name), histograms_of(run.run, entry.name, load));
    if (rows.empty()) continue;
    all.push_back({.section = Section::latency,
                   .id = "latency-" + load_slug(load),
                   .title = "latency by percentile at " + load_label(load),
                   .note = "from the intended send; median over blocks and their middle half. Each "
                           "step to the right is ten times rarer",
                   .rows = std::move(rows)});
  }
  return all;
}

}  // namespace

extern const Figure latency{.columns = columns, .of_run = panels};

}  // namespace duelio::results::figures
