#include <algorithm>
#include <iostream>
#include <map>
#include <tuple>

#include <boost/json.hpp>
#include <unistd.h>

#include "common/units.h"
#include "loadgen/command_line.h"
#include "loadgen/control.h"
#include "loadgen/live_line.h"
#include "loadgen/report.h"
#include "loadgen/result_file.h"
#include "loadgen/schedule.h"
#include "loadgen/verdict.h"

namespace {

using namespace duelio;
using namespace duelio::loadgen;

// Refused here, before the load, when one cannot be written.
struct ResultFiles {
  explicit ResultFiles(const CommandLine& line)
      : json("json", line.json), histogram("histogram", line.histogram) {
    const bool same_place = !json.place().empty() && json.place() == histogram.place();
    if (same_place || (json.is_stdout() && histogram.is_stdout()))
      throw cli::UsageError("--json and --histogram both name '" + line.histogram + "'");
  }
  ResultFile json;
  ResultFile histogram;
};

Result run_once(const Options& options, bool phases) {
  const LiveLine live;
  return run_load(
      options,
      [&](std::string_view phase, std::int64_t now_ns) {
        if (phases) std::cout << "phase " << phase << ' ' << now_ns << '\n' << std::flush;
      },
      // Of a run that another program drives, nothing is drawn by the thread that is measured.
      phases ? OnProgress{} : live.progress());
}

// Runs at many rates. Leaves in `options` and `result` the last run at the rate that was found, or
// the last of all when none was.
SearchResult search(CommandLine& line, Result& result) {
  Options& options = line.options;
  const Objective& objective = *line.find_max_rate;
  if (!options.rate) {
    // The closed loop's rate is a ceiling: half of it is a start that is not far off.
    Options closed = options;
    closed.duration = std::min<std::chrono::nanoseconds>(options.duration, std::chrono::seconds(1));
    result = run_once(closed, line.phases);
    if (result.interrupted) return {.interrupted = true};
    options.rate = std::max(1.0, achieved_rate(result) / 2);
  }
  Options trial_options = options;
  std::uint64_t trials = 0;
  const auto run = [&](double rate) {
    trial_options.rate = rate;
    trial_options.seed = options.seed + trials++;  // or all would have one and the same luck
    const Result run_result = run_once(trial_options, line.phases);
    const Tally& tally = run_result.tally;
    const Verdict verdict = judge(trial_options, run_result);
    Trial trial{.seed = trial_options.seed,
                .achieved = achieved_rate(run_result),
                .latency_ns = tally.latency.quantile(objective.quantile),
                .generator_limited = verdict.generator_limited};
    trial.holds = tally.latency.supports(objective.quantile) && verdict.usable &&
                  tally.request_errors == 0 && tally.unsent == 0 &&
                  trial.latency_ns < objective.below_ns && server_kept_up(tally);
    std::cerr << "rate " << format_count(rate) << "/s  latency "
              << format_duration(static_cast<double>(trial.latency_ns) * 1e-9) << "  "
              << (trial.holds ? "holds" : "does not hold") << '\n';
    result = run_result;
    return trial;
  };
  std::map<double, std::pair<Result, std::uint64_t>> held;  // the one to report is known at the end
  const auto run_and_keep = [&](double rate) {
    const Trial trial = run(rate);
    if (trial.holds) held[rate] = {result, trial.seed};
    return trial;
  };
  SearchLimits limits = limits_for(objective, options.duration);
  limits.highest = max_rate_of_a_thread * options.threads;
  SearchResult found =
      find_max_rate(*options.rate, run_and_keep, limits, [&] { return result.interrupted; });
  options.rate = trial_options.rate;
  options.seed = trial_options.seed;
  if (found.rate > 0) {
    options.rate = found.rate;
    std::tie(result, options.seed) = std::move(held.at(found.rate));
  }
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  return cli::run(tool, [&] {
    auto line = parse_command_line(argc, argv);
    if (!line) return cli::exit_ok;
    const Options& options = line->options;
    if (line->control) return serve_commands(options, STDIN_FILENO, std::cout);
    const ResultFiles files(*line);
    Result result;
    SearchResult found;
    if (line->find_max_rate) {
      found = search(*line, result);
    } else {
      result = run_once(options, line->phases);
    }
    if (!line->phases && line->json != "-") {
      print_summary(std::cout, options, result);
      if (line->find_max_rate) std::cout << describe(*line->find_max_rate, found) << '\n';
    }
    files.json.write([&](std::ostream& out) {
      auto object = to_json(options, result);
      if (line->find_max_rate) object["search"] = to_json(*line->find_max_rate, found);
      out << boost::json::serialize(object) << '\n';
    });
    files.histogram.write([&](std::ostream& out) { write_hgrm(out, result.tally.latency); });
    if (result.interrupted || found.interrupted) return cli::exit_interrupted;
    if (line->find_max_rate && (found.rate == 0 || !found.failure.empty()))
      return cli::exit_failure;
    return judge(options, result).usable ? cli::exit_ok : cli::exit_failure;
  });
}
