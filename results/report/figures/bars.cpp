// What each entry showed of its own where there is one number for each: a metric that was measured
// at one load, and memory.

#include <array>

#include <boost/json.hpp>

#include "results/report/figure.h"
#include "results/report/rows.h"
#include "results/report/words.h"

namespace duelio::results::figures {
namespace {

constexpr std::array columns{Column{"entry", "entry"}, Column{"value", "median", "%.4g"},
                             Column{"low", "from", "%.4g"}, Column{"high", "to", "%.4g"}};

Panel panel_of(const JudgedRun& run, const Judgement& judgement) {
  const Metric& metric = *judgement.metric;
  const std::string unit = shown_unit(metric);
  const bool is_latency = metric.unit == "ns" && !metric.in_closed_loop;
  boost::json::array rows;
  for (const Level& level : judgement.levels) {
    boost::json::object row = middle_row(level, shown_factor(metric));
    row["entry"] = run.label(level.entry);
    rows.push_back(std::move(row));
  }
  return {.section = is_latency ? Section::latency : Section::levels,
          .id = "level-" + std::string(metric.id),
          .title = std::string(metric.title) + " " + load_phrase(judgement.load) +
                   (unit.empty() ? "" : ", " + unit),
          .note = "median over blocks and their middle half",
          .rows = std::move(rows)};
}

using LaneValues = std::vector<double> (*)(const Run& run, const EntrySpec& entry);

void add_lanes(std::vector<Panel>& all, const JudgedRun& run, LaneValues values_of, Panel panel) {
  for (const EntrySpec& entry : run.run.manifest.entries) {
    const std::vector<double> values = values_of(run.run, entry);
    if (values.empty()) continue;
    boost::json::object row = middle_row(values);
    row["entry"] = run.label(entry.name);
    panel.rows.push_back(std::move(row));
  }
  if (!panel.rows.empty()) all.push_back(std::move(panel));
}

// Growth from a server's start to the end of a block.
std::vector<double> kib_per_connection(const Run& run, const EntrySpec& entry) {
  const unsigned connections = run.manifest.plan.connections +
                               run.manifest.workload.idle_connections + entry.idle_connections;
  std::vector<double> all;
  for_each_lane(run, entry.name, [&](const Lane& lane) {
    if (lane.rss_at_end_bytes == 0 || connections == 0) return;
    const double growth =
        static_cast<double>(lane.rss_at_end_bytes) - static_cast<double>(lane.rss_at_start_bytes);
    all.push_back(growth / connections / 1024);
  });
  return all;
}

std::vector<double> requests_per_wakeup(const Run& run, const EntrySpec& entry) {
  std::vector<double> all;
  for_each_lane(run, entry.name, [&](const Lane& lane) {
    if (lane.requests_per_wakeup) all.push_back(*lane.requests_per_wakeup);
  });
  return all;
}

std::vector<Panel> panels(const JudgedRun& run) {
  std::vector<Panel> all;
  for (const Metric& metric : metrics()) {
    const auto judgements = run.judgements_of(metric.id);
    if (judgements.size() == 1) all.push_back(panel_of(run, *judgements.front()));
  }
  add_lanes(all, run, kib_per_connection,
            {.section = Section::levels,
             .id = "memory",
             .title = "growth of resident memory, KiB per connection",
             .note = "from a server's start to a block's end, idle connections included; with few "
                     "connections mostly what a process touches once"});
  add_lanes(all, run, requests_per_wakeup,
            {.section = Section::levels,
             .id = "wakeups",
             .title = "requests per wake-up",
             .note = "by the server's own count, over all loads; foreign servers do not tell"});
  return all;
}

}  // namespace

extern const Figure bars{.columns = columns, .of_run = panels};

}  // namespace duelio::results::figures
