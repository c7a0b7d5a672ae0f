// The blocks in order: the sample that the primary metric's intervals are of, and where windows
// were void.

#include <array>
#include <cmath>
#include <map>

#include <boost/json.hpp>

#include "results/report/figure.h"
#include "results/report/rows.h"
#include "results/report/words.h"

namespace duelio::results::figures {
namespace {

constexpr std::array columns{Column{"entry", "entry"}, Column{"block", "block", "%.0f"},
                             Column{"ratio", "ratio", "%.3f"},
                             Column{"void", "void windows of all lanes", "%.0f"}};

std::map<std::size_t, std::size_t> void_windows(const Run& run, const Load& load) {
  std::map<std::size_t, std::size_t> by_block;
  for (const Window& window : run.windows)
    by_block[window.block] += window.load == load.id && window.void_cause ? 1U : 0U;
  return by_block;
}

boost::json::array rows_of(const JudgedRun& run, const Judgement& judgement) {
  std::map<std::size_t, std::size_t> voids = void_windows(run.run, judgement.load);
  boost::json::array rows;
  const auto add = [&](const Contrast& contrast, const std::string& entry, std::string_view kind) {
    // A block without an estimate leaves a gap only when the others can still be told from it.
    const bool is_whole = contrast.log_ratios.size() == run.run.blocks.size();
    for (std::size_t i = 0; i < contrast.log_ratios.size(); ++i) {
      const std::size_t block = is_whole ? run.run.blocks[i].block : i + 1;
      rows.push_back(boost::json::object{{"entry", entry},
                                         {"kind", kind},
                                         {"block", block},
                                         {"ratio", rounded(std::exp(contrast.log_ratios[i]))},
                                         {"void", voids[block]}});
    }
  };
  for (const Contrast& contrast : judgement.contrasts)
    add(contrast, run.label(contrast.entry), run.kind(contrast.entry));
  add(judgement.control, run.label(run.run.manifest.reference) + " again", "control");
  return rows;
}

std::vector<Panel> panels(const JudgedRun& run) {
  std::vector<Panel> all;
  const Metric& metric = metrics().front();
  for (const Judgement* judgement : run.judgements_of(metric.id)) {
    boost::json::array rows = rows_of(run, *judgement);
    if (rows.empty()) continue;
    all.push_back({.section = Section::blocks,
                   .id = "blocks-" + load_slug(judgement->load),
                   .title = std::string(metric.title) + " " + load_phrase(judgement->load) +
                            ", ratio to " + run.run.manifest.reference,
                   .note = "a point for each block. Bars: void windows of all lanes, right axis",
                   .rows = std::move(rows)});
  }
  return all;
}

}  // namespace

extern const Figure blocks{.columns = columns, .of_run = panels};

}  // namespace duelio::results::figures
