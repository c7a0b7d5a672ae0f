#include "results/report/rows.h"

#include <cmath>

#include <boost/json.hpp>

#include "results/report/words.h"
#include "results/statistics.h"

namespace duelio::results {

namespace json = boost::json;

double rounded(double value) {
  if (value == 0) return 0;
  const double scale = std::pow(10, 4 - std::ceil(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

double shown_factor(const Metric& metric) noexcept {
  return metric.unit == "ns" ? 1e-3 : 1;
}

std::string shown_unit(const Metric& metric) {
  if (metric.unit == "ns") return "µs";
  return metric.unit == "1" ? "" : std::string(metric.unit);
}

json::array ratio_rows(const JudgedRun& run, const Judgement& judgement) {
  json::array rows;
  const auto add = [&](const Contrast& contrast, const std::string& entry, std::string_view kind,
                       const std::string& word) {
    if (!contrast.ratio || !contrast.interval) return;
    rows.push_back(json::object{{"entry", entry},
                                {"kind", kind},
                                {"load", load_tick(judgement.load)},
                                {"ratio", rounded(*contrast.ratio)},
                                {"low", rounded(contrast.interval->low)},
                                {"high", rounded(contrast.interval->high)},
                                {"word", word},
                                {"band_low", rounded(1 / (1 + judgement.effect))},
                                {"band_high", rounded(1 + judgement.effect)}});
  };
  for (const Contrast& contrast : judgement.contrasts)
    add(contrast, run.label(contrast.entry), run.kind(contrast.entry),
        std::string(to_string(contrast.word)));
  add(judgement.control, run.label(run.run.manifest.reference) + " again", "control",
      "control " + std::string(to_string(judgement.control_state)));
  return rows;
}

json::object middle_row(std::span<const double> values) {
  return middle_row({.value = stats::median(values),
                     .low = stats::quantile(values, 0.25),
                     .high = stats::quantile(values, 0.75)},
                    1);
}

json::object middle_row(const Level& level, double factor) {
  return {{"value", rounded(level.value * factor)},
          {"low", rounded(level.low * factor)},
          {"high", rounded(level.high * factor)}};
}

}  // namespace duelio::results
