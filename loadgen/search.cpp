#include "loadgen/search.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include <boost/json.hpp>

#include "common/units.h"

namespace duelio::loadgen {

Objective parse_objective(std::string_view text) {
  const std::size_t less = text.find('<');
  if (!text.starts_with('p') || less == std::string_view::npos)
    throw std::invalid_argument("is not of the form p99<1ms");
  Objective objective;
  objective.text = text;
  const double percent = parse_rate(text.substr(1, less - 1));
  if (percent >= 100) throw std::invalid_argument("is of a percentile that is not below 100");
  objective.quantile = percent / 100;
  objective.below_ns = static_cast<std::uint64_t>(parse_duration(text.substr(less + 1)).count());
  if (objective.below_ns == 0) throw std::invalid_argument("allows no time at all");
  return objective;
}

SearchLimits limits_for(const Objective& objective, std::chrono::nanoseconds duration) {
  const double seconds = static_cast<double>(duration.count()) * 1e-9;
  SearchLimits limits;
  limits.lowest = std::max(limits.lowest, 20 / (1 - objective.quantile) / seconds);
  if (limits.lowest > limits.highest)
    throw std::invalid_argument("needs a longer --duration to be judged");
  return limits;
}

namespace {

struct Searcher {
  const RunTrial& run;
  const std::function<bool()>& stop;
  const SearchLimits& limits;
  SearchResult result{};

  // Whether two of three trials hold; nothing when the search is to stop.
  std::optional<bool> holds(double rate) {
    int held = 0;
    int failed = 0;
    bool limited = false;
    while (held < 2 && failed < 2) {
      Trial trial;
      try {
        trial = run(rate);
      } catch (const std::exception& error) {
        result.failure = error.what();
        return std::nullopt;
      }
      if (stop()) {
        result.interrupted = true;
        return std::nullopt;
      }
      trial.rate = rate;
      ++(trial.holds ? held : failed);
      limited = limited || (!trial.holds && trial.generator_limited);
      result.trials.push_back(trial);
    }
    if (held == 2) {
      result.rate = rate;
    } else {
      result.failing_rate = rate;
      result.at_lowest = rate == limits.lowest && limits.lowest > SearchLimits{}.lowest;
      result.generator_limited = limited;
    }
    return held == 2;
  }

  void search(double start) {
    double rate = std::clamp(start, limits.lowest, limits.highest);
    const std::optional<bool> first = holds(rate);
    if (!first) return;
    const double factor = *first ? 2 : 0.5;
    const double end = *first ? limits.highest : limits.lowest;
    while (result.rate == 0 || result.failing_rate == 0) {
      if (rate == end) return;
      rate = std::clamp(rate * factor, limits.lowest, limits.highest);
      if (!holds(rate)) return;
    }
    while (result.failing_rate / result.rate > 1 + limits.precision) {
      if (!holds(std::sqrt(result.failing_rate * result.rate))) return;
    }
  }
};

}  // namespace

std::string describe(const Objective& objective, const SearchResult& result) {
  std::string text = objective.text + ": ";
  text += result.rate > 0 ? "holds at " + format_count(result.rate) + "/s" : "holds at no rate";
  if (result.failing_rate > 0) text += ", not at " + format_count(result.failing_rate) + "/s";
  if (result.at_lowest) text += ", below which a run of this length says too little";
  text += " (" + std::to_string(result.trials.size()) + " runs)";
  if (result.interrupted) text += ", interrupted";
  if (!result.failure.empty()) text += ", ended by: " + result.failure;
  if (result.generator_limited) text += "; the generator was or may have been the limit";
  return text;
}

boost::json::object to_json(const Objective& objective, const SearchResult& result) {
  const auto or_null = [](double rate) {
    return rate > 0 ? boost::json::value(rate) : boost::json::value(nullptr);
  };
  boost::json::array trials;
  for (const Trial& trial : result.trials) {
    trials.push_back(boost::json::object{{"rate", trial.rate},
                                         {"seed", trial.seed},
                                         {"achieved", trial.achieved},
                                         {"latency_ns", trial.latency_ns},
                                         {"holds", trial.holds},
                                         {"generator_limited", trial.generator_limited}});
  }
  return {{"objective", objective.text},
          {"quantile", objective.quantile},
          {"below_ns", objective.below_ns},
          {"rate", or_null(result.rate)},
          {"failing_rate", or_null(result.failing_rate)},
          {"generator_limited", result.generator_limited},
          {"interrupted", result.interrupted},
          {"failure", result.failure.empty() ? boost::json::value(nullptr)
                                             : boost::json::value(result.failure)},
          {"trials", std::move(trials)}};
}

SearchResult find_max_rate(double start, const RunTrial& run, const SearchLimits& limits,
                           const std::function<bool()>& stop) {
  Searcher searcher{.run = run, .stop = stop, .limits = limits};
  searcher.search(start);
  return std::move(searcher.result);
}

}  // namespace duelio::loadgen
