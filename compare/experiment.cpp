#include "compare/experiment.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <random>
#include <thread>

#include <boost/json.hpp>
#include <unistd.h>

#include "common/os/cpu.h"
#include "common/os/socket.h"
#include "common/version.h"
#include "compare/manifest.h"
#include "compare/plan.h"
#include "compare/probe.h"
#include "compare/process.h"
#include "compare/progress.h"
#include "compare/rounds.h"
#include "compare/slice.h"
#include "results/gate.h"
#include "results/record.h"
#include "results/table.h"

namespace duelio::compare {

namespace json = boost::json;

namespace {

constexpr double busiest_generator = 0.85;
constexpr double offered_share = 0.3;  // of what the slowest entry reaches

// Two significant digits: a rate that people can repeat by hand.
double round_rate(double rate) {
  const double scale = std::pow(10, std::floor(std::log10(rate)) - 1);
  return std::floor(rate / scale) * scale;
}

constexpr int exit_invalid = 3;

// No round can be had that is valid.
struct Unsteady {
  std::string why;
};

struct Place {
  const Entry* entry;
  const char* role;
};

class Experiment {
 public:
  explicit Experiment(const Options& options)
      : options_(options),
        setting_{.options = options,
                 .bin = executables_folder(),
                 .rate = 0,
                 .counted = options.only_primary ? std::vector<Event>{} : countable_events()},
        random_(options.seed),
        started_ns_(os::monotonic_ns()),
        progress_(options.looks.back(), estimate_s(options)) {}

  int run() {
    try {
      choose_rate();
      if (options_.resume) {
        take_up();
      } else {
        if (std::filesystem::exists(options_.output) &&
            std::filesystem::file_size(options_.output) > 0) {
          throw cli::UsageError("--output '" + options_.output +
                                "' exists (go on with it: --resume)");
        }
        writer_.emplace(options_.output);
        run_.manifest = manifest(options_, setting_.rate, std::time(nullptr));
        writer_->write(run_.manifest);
      }
      const Steps steps{.run = [this](int round, int attempt) { return run_round(round, attempt); },
                        .is_decided = [this] { return is_decided(); },
                        .pause = wait_for_calm};
      if (const auto round = run_rounds(options_.looks, start_, steps))
        throw Unsteady{"round " + std::to_string(*round) + " was invalid " +
                       std::to_string(max_tries) + " times (last cause: " + last_cause_ + ")"};
      return finish(true, "complete", cli::exit_ok);
    } catch (const Interrupted&) {
      return finish(false, "interrupted", cli::exit_interrupted);
    } catch (const Unsteady& unsteady) {
      std::cerr << tool.name << ": this machine is too unsteady now: " << unsteady.why << '\n';
      return finish(false, unsteady.why, exit_invalid);
    } catch (const SliceFailed& failure) {
      std::cerr << tool.name << ": " << failure.what() << '\n';
      return finish(false, failure.what(), cli::exit_failure);
    }
  }

 private:
  double elapsed_s() const {
    return earlier_s_ + static_cast<double>(os::monotonic_ns() - started_ns_) * 1e-9;
  }

  void choose_rate() {
    // Also with --rate: who answers wrongly is told now, not after ten invalid rounds.
    double slowest = 0;
    for (const Entry& entry : options_.entries) {
      if (interrupted()) throw Interrupted{};
      const double rate = calibrate(setting_, entry);
      if (rate <= 0) throw SliceFailed(entry.name + " gave no right answer in the calibration");
      slowest = slowest == 0 ? rate : std::min(slowest, rate);
    }
    if (options_.rate) {
      setting_.rate = *options_.rate;
      return;
    }
    setting_.rate = round_rate(slowest * offered_share);
    // Pipelined servers answer more than one generator can pace.
    for (int i = 0;
         i < 10 && setting_.rate > 1 &&
         generator_share(setting_, options_.entries.front(), setting_.rate) > busiest_generator;
         ++i) {
      if (interrupted()) throw Interrupted{};
      setting_.rate = round_rate(setting_.rate / 2);
    }
  }

  void take_up() {
    results::reopen(options_.output);
    run_ = results::load(options_.output);
    writer_.emplace(options_.output);
    start_ = start_after(run_);
    if (run_.slices.empty()) return;
    earlier_s_ = run_.slices.back().started_s;
    std::seed_seq continued{options_.seed, static_cast<std::uint64_t>(run_.slices.size())};
    random_.seed(continued);
  }

  // A disturbance often lasts some seconds: a repeated round waits longer each time.
  static void wait_for_calm(int tries) {
    for (int i = 0; i < tries && !interrupted(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }

  bool run_round(int round, int attempt) {
    std::vector<Place> places;
    for (const Entry& entry : options_.entries) {
      const bool reference = entry.name == options_.reference;
      places.push_back({&entry, reference ? "reference" : "candidate"});
      if (reference) places.push_back({&entry, "control"});
    }
    std::shuffle(places.begin(), places.end(), random_);
    bool valid = true;
    const double total = static_cast<double>(options_.looks.back());
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (interrupted()) throw Interrupted{};
      const double rounds_done = static_cast<double>(results::complete_rounds(run_).size());
      const double within = static_cast<double>(i) / static_cast<double>(places.size());
      progress_.slice(round, places[i].entry->name, elapsed_s(), (rounds_done + within) / total);
      results::Slice slice{.round = round,
                           .attempt = attempt,
                           .position = static_cast<int>(i + 1),
                           .entry = places[i].entry->name,
                           .role = places[i].role,
                           .connections = options_.connections,
                           .handler_cpu_ns = places[i].entry->handler_cpu_ns,
                           .started_s = elapsed_s()};
      run_slice(setting_, *places[i].entry, slice, random_());
      valid = valid && slice.valid;
      if (!slice.valid) last_cause_ = slice.causes.back() + " of " + slice.entry;
      writer_->write(to_json(slice));
      run_.slices.push_back(std::move(slice));
    }
    progress_.round_done(round, valid, elapsed_s(),
                         static_cast<double>(results::complete_rounds(run_).size()) / total);
    return valid;
  }

  // Whether the primary metric needs no more rounds.
  bool is_decided() const {
    const results::MetricVerdict verdict = judge(run_, metrics().front(), results::rule_of(run_));
    return std::all_of(verdict.contrasts.begin(), verdict.contrasts.end(),
                       [&](const results::Contrast& contrast) {
                         using results::Word;
                         // Under an effect that the control widened, more rounds can still tell
                         // more.
                         return contrast.word == Word::faster || contrast.word == Word::slower ||
                                (contrast.word == Word::indistinguishable &&
                                 verdict.control_state == results::Control::passed);
                       });
  }

  int finish(bool finished, const std::string& reason, int code) {
    progress_.clear();
    if (!writer_) return code;
    if (finished) {
      const results::Rule rule = results::rule_of(run_);
      for (const Metric& metric : metrics()) {
        const results::MetricVerdict verdict = judge(run_, metric, rule);
        for (const results::Contrast& contrast : verdict.contrasts) {
          if (!contrast.ratio) continue;
          writer_->write({{"type", "verdict"},
                          {"metric", metric.id},
                          {"primary", verdict.primary},
                          {"entry", contrast.entry},
                          {"word", to_string(contrast.word)},
                          {"ratio", *contrast.ratio},
                          {"low", contrast.interval ? json::value(contrast.interval->low)
                                                    : json::value(nullptr)},
                          {"high", contrast.interval ? json::value(contrast.interval->high)
                                                     : json::value(nullptr)},
                          {"rounds", contrast.rounds},
                          {"control", to_string(verdict.control_state)},
                          {"minimum_effect", verdict.minimum_effect}});
        }
      }
    }
    run_.end = json::object{
        {"type", "end"}, {"finished", finished}, {"reason", reason}, {"elapsed_s", elapsed_s()}};
    writer_->write(*run_.end);
    if (!results::complete_rounds(run_).empty()) {
      print_table(std::cout, run_, cli::is_rich_terminal(STDOUT_FILENO));
    }
    std::cout << "\nresults  " << options_.output << '\n';
    const bool withheld =
        finished && judge(run_, metrics().front(), results::rule_of(run_)).control_state ==
                        results::Control::failed;
    if (withheld) return exit_invalid;
    if (finished && options_.fail_on)
      return static_cast<int>(hold_within(run_, {.fail_on = *options_.fail_on}, std::cout));
    return code;
  }

  const Options& options_;
  Setting setting_;
  std::mt19937_64 random_;
  Start start_;
  double earlier_s_ = 0;  // what an earlier part of the run took
  std::string last_cause_;
  std::int64_t started_ns_;
  Progress progress_;
  results::Run run_;
  std::optional<results::Writer> writer_;
};

}  // namespace

int run_experiment(const Options& options) {
  catch_signals();
  os::raise_descriptor_limit();
  if (build_info().preset != "release") {
    std::cerr << "duelio-compare: this is a " << build_info().preset
              << " build; figures mean something only from the release preset\n";
  }
  print_plan(std::cerr, options);
  return Experiment(options).run();
}

}  // namespace duelio::compare
