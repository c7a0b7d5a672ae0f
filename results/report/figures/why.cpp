// Where the difference of each entry to the reference comes from: a bar for each cause at each
// load.

#include <algorithm>
#include <array>
#include <cmath>

#include <boost/json.hpp>

#include "results/report/figure.h"
#include "results/report/rows.h"
#include "results/report/words.h"

namespace duelio::results::figures {
namespace {

constexpr std::array columns{
    Column{"cause", "cause"}, Column{"load", "load"}, Column{"difference", "difference, µs"},
    Column{"low", "from"},    Column{"high", "to"},   Column{"told", "told from none"}};

constexpr double small_share =
    0.005;  // of the whole: smaller ones that are not told are put together

using OfEntry = std::vector<const Explanation*>;  // by load
using Parts = std::vector<Part> Explanation::*;

boost::json::object row_of(const std::string& cause, const Load& load, double difference_ns,
                           const std::optional<stats::Interval>& interval, bool is_told) {
  boost::json::object row{
      {"cause", cause}, {"load", load_tick(load)}, {"difference", rounded(difference_ns * 1e-3)},
      {"low", nullptr}, {"high", nullptr},         {"told", is_told ? "yes" : "no"}};
  if (interval) {
    row["low"] = rounded(interval->low * 1e-3);
    row["high"] = rounded(interval->high * 1e-3);
  }
  return row;
}

double whole_of(const std::vector<Part>& parts) {
  double sum = 0;
  for (const Part& part : parts) sum += part.base_ns;
  return sum;
}

// The same at all loads, the largest first.
std::vector<std::string> shown_causes(const OfEntry& explanations, Parts parts) {
  std::vector<std::pair<double, std::string>> all;
  for (const Explanation* const explanation : explanations) {
    const double whole = whole_of(explanation->*parts);
    for (const Part& part : explanation->*parts) {
      const double share = std::abs(part.difference_ns) / whole;
      if (share < small_share && !part.is_told()) continue;
      const auto known = std::find_if(all.begin(), all.end(),
                                      [&](const auto& each) { return each.second == part.cause; });
      if (known == all.end()) {
        all.emplace_back(share, part.cause);
      } else {
        known->first = std::max(known->first, share);
      }
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> causes;
  causes.reserve(all.size());
  for (auto& [share, cause] : all) causes.push_back(std::move(cause));
  return causes;
}

boost::json::array rows_of(const OfEntry& explanations, Parts parts) {
  boost::json::array rows;
  for (const Explanation* const each : explanations)
    rows.push_back(
        row_of("all of it", each->load, each->difference_ns, each->interval, each->is_told));
  const std::vector<std::string> causes = shown_causes(explanations, parts);
  for (const std::string& cause : causes) {
    for (const Explanation* const each : explanations) {
      for (const Part& part : each->*parts) {
        if (part.cause == cause)
          rows.push_back(
              row_of(cause, each->load, part.difference_ns, part.interval, part.is_told()));
      }
    }
  }
  for (const Explanation* const each : explanations) {
    double rest = 0;
    for (const Part& part : each->*parts) {
      if (std::find(causes.begin(), causes.end(), part.cause) == causes.end())
        rest += part.difference_ns;
    }
    rows.push_back(row_of("the small rest", each->load, rest, std::nullopt, false));
  }
  return rows;
}

std::vector<Panel> panels(const JudgedRun& run) {
  std::vector<Panel> all;
  for (const EntrySpec& entry : run.run.manifest.entries) {
    OfEntry of_entry;
    for (const Explanation& explanation : run.explanations.contrasts) {
      if (explanation.entry == entry.name) of_entry.push_back(&explanation);
    }
    if (of_entry.empty()) continue;
    const std::string against =
        run.label(entry.name) + " against " + run.label(of_entry.front()->base);
    all.push_back({.section = Section::why,
                   .id = "why-call-" + entry.name,
                   .title = against + ", by system call",
                   .note = "CPU per request, µs; the bars of a load add up to its first; grey: not "
                           "told from none",
                   .rows = rows_of(of_entry, &Explanation::by_call)});
    all.push_back({.section = Section::why,
                   .id = "why-work-" + entry.name,
                   .title = against + ", by what was done",
                   .note = "the same time, whichever call it was spent in",
                   .rows = rows_of(of_entry, &Explanation::by_work)});
  }
  return all;
}

}  // namespace

extern const Figure why{.columns = columns, .of_run = panels};

}  // namespace duelio::results::figures
