// Bencher Metric Format (bencher.dev, "JSON adapter"): for each entry and load its ratio to the
// reference with the ends of its interval, and its level with the middle half of the blocks.

#include <boost/json.hpp>

#include "results/export/exporter.h"

namespace duelio::results::exporters {
namespace {

using boost::json::object;

object measure(double value, double low, double high) {
  return {{"value", value}, {"lower_value", low}, {"upper_value", high}};
}

std::string write(std::span<const JudgedRun> runs) {
  object benchmarks;
  for (const Judgement& judgement : runs.front().judgements) {
    const std::string metric(judgement.metric->id);
    const auto of = [&](const std::string& entry) -> object& {
      auto& benchmark = benchmarks[entry + "/" + judgement.load.id];
      if (!benchmark.is_object()) benchmark = object();
      return benchmark.as_object();
    };
    for (const Level& level : judgement.levels)
      of(level.entry)[metric] = measure(level.value, level.low, level.high);
    for (const Contrast& contrast : judgement.contrasts) {
      if (!contrast.ratio || !contrast.interval) continue;
      of(contrast.entry)[metric + "-ratio"] =
          measure(*contrast.ratio, contrast.interval->low, contrast.interval->high);
    }
  }
  return boost::json::serialize(benchmarks) + "\n";
}

}  // namespace

extern const Exporter bencher{
    .help = "write levels and ratios in Bencher Metric Format; - is stdout",
    .write = write,
    .takes_several = false};

}  // namespace duelio::results::exporters
