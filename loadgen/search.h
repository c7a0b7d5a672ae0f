#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

namespace duelio::loadgen {

// What a rate has to hold: "p99<1ms".
struct Objective {
  std::string text;
  double quantile = 0;
  std::uint64_t below_ns = 0;
};

// pQ<TIME with Q from 0 to below 100, such as p50, p99 or p99.9. Throws std::invalid_argument.
Objective parse_objective(std::string_view text);

// One run at one rate.
struct Trial {
  double rate = 0;
  std::uint64_t seed = 0;  // of the schedule
  double achieved = 0;
  std::uint64_t latency_ns = 0;  // at the objective's quantile
  bool holds = false;
  bool generator_limited = false;
};

struct SearchLimits {
  double precision = 0.02;  // the bracket's width, relative, at which the search ends
  double lowest = 1;        // requests/s; below it nothing is looked for
  double highest = 1e8;
};

// None below the rate at which a run of that duration has 20 requests beyond the objective's
// quantile on average: with half of them a run says nothing about it. Throws std::invalid_argument
// when there is no such rate.
SearchLimits limits_for(const Objective& objective, std::chrono::nanoseconds duration);

struct SearchResult {
  double rate = 0;  // the highest that held; 0: none did
  // The lowest that did not hold; 0: none was found, so that `rate` is only a lower bound.
  double failing_rate = 0;
  bool generator_limited = false;  // what kept failing_rate from holding may be the generator
  bool interrupted = false;
  std::string failure;        // what ended the search before its time
  bool at_lowest = false;     // failing_rate is the lowest of the limits
  std::vector<Trial> trials;  // in the order in which they were run
};

// A trial at a rate. An exception ends the search, which keeps what it has found.
using RunTrial = std::function<Trial(double rate)>;

// Doubles or halves from `start` until a rate that holds and one that does not enclose the answer,
// then bisects (geometrically) between them. A rate holds when two of three trials do: the third is
// run when the first two differ. One noisy trial therefore decides nothing. `stop` is asked after
// each trial, which then does not count.
SearchResult find_max_rate(double start, const RunTrial& run, const SearchLimits& limits,
                           const std::function<bool()>& stop);

// "p99<1ms: holds at 98.0 k/s, not at 99.9 k/s (21 runs)"
std::string describe(const Objective& objective, const SearchResult& result);

// As loadgen.schema.json describes it, at "search".
boost::json::object to_json(const Objective& objective, const SearchResult& result);

}  // namespace duelio::loadgen
