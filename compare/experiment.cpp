#include "compare/experiment.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <random>

#include <unistd.h>

#include "common/cli.h"
#include "common/os/cpu.h"
#include "common/os/socket.h"
#include "common/version.h"
#include "compare/block.h"
#include "compare/culprit.h"
#include "compare/loads.h"
#include "compare/machine.h"
#include "compare/manifest.h"
#include "compare/plan.h"
#include "compare/process.h"
#include "compare/progress.h"
#include "compare/sampler.h"
#include "compare/server.h"
#include "results/gate.h"
#include "results/table.h"

namespace duelio::compare {

namespace {

constexpr int exit_invalid = 3;

// What every block draws from: of a resumed run, too, so that it is the run that it would have
// been.
std::mt19937_64 random_of(std::uint64_t seed, std::size_t block) {
  std::seed_seq sequence{seed, static_cast<std::uint64_t>(block)};
  return std::mt19937_64(sequence);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

class Experiment {
 public:
  Experiment(const Options& options, Site& site)
      : options_(options),
        site_(site),
        started_ns_(os::monotonic_ns()),
        progress_(options.plan.blocks, estimate_s(options)) {}

  int run() {
    try {
      const std::optional<std::string> sampling = prepare_sampling();
      if (options_.resume) {
        take_up();
      } else {
        begin(sampling);
      }
      Setting setting{.manifest = run_.manifest,
                      .site = site_,
                      .events = site_.events(),
                      .elapsed_s = [this] { return elapsed_s(); },
                      .on_window = [this](const results::Window& window) { keep(window); },
                      .left_out = left_out_};
      if (samples_) {
        setting.on_profile = [this](const results::Profile& profile) { keep(profile); };
        setting.on_no_profiles = [this](const std::string& why) {
          tell("--explain: " + why + "; this block has no samples");
        };
      }
      for (std::size_t block = run_.blocks.size() + 1; block <= run_.manifest.plan.blocks;
           ++block) {
        std::mt19937_64 random = random_of(run_.manifest.seed, block);
        run_.blocks.push_back(run_block(setting, block, random));
        tell_of_left_out();
        writer_->write(to_line(run_.blocks.back()));
        progress_.block_done(block, elapsed_s());
        if (is_nobody_left()) return finish(sentence(left_out_.back()), cli::exit_failure);
      }
      return finish("complete", cli::exit_ok);
    } catch (const Interrupted&) {
      return finish("interrupted", cli::exit_interrupted);
    } catch (const EntryFailed& failed) {
      tell(failed.what());
      if (!is_left_out(left_out_, failed.entry))
        left_out_.push_back({.entry = failed.entry, .why = failed.why});
      return finish(failed.what(), cli::exit_failure);
    } catch (const HostLost& lost) {
      tell(lost.what());
      return finish(lost.what(), cli::exit_failure);
    }
  }

 private:
  static constexpr const char* tool_name = "duelio-compare";

  double elapsed_s() const {
    return earlier_s_ + static_cast<double>(os::monotonic_ns() - started_ns_) * 1e-9;
  }

  // What the manifest says of it. Without it everything else is measured.
  std::optional<std::string> prepare_sampling() {
    if (!options_.explain) return std::nullopt;
    const std::string why = why_not_sample(options_.plan.client_cpus);
    samples_ = why.empty();
    if (samples_) return "available";
    tell("--explain: " + why + "; the comparison goes on without it");
    return "not available: " + why;
  }

  // Finds the loads, and opens the file. Nothing is written before an entry has shown that it
  // answers.
  void begin(const std::optional<std::string>& sampling) {
    run_.manifest = manifest_of(options_, std::time(nullptr));
    run_.manifest.machine.sampling = sampling;
    run_.manifest.build.executables = digests(options_.entries);
    site_.describe(run_.manifest);
    results::Plan& plan = run_.manifest.plan;
    std::mt19937_64 random = random_of(options_.seed, 0);
    progress_.say("calibration: what each entry reaches in the closed loop");
    const Trials trials = calibrate(run_.manifest, site_, random, left_out_);
    run_.manifest.calibration = trials.rates;
    double slowest = 0;
    for (const results::Trial& trial : run_.manifest.calibration) {
      const double rate = median(trial.rates);
      slowest = slowest == 0 ? rate : std::min(slowest, rate);
    }
    plan.loads = resolve(options_.loads, slowest);
    for (results::Load& load : plan.loads) {
      if (load.is_open()) load = paced(run_.manifest, site_, load, random);
    }
    for (const auto& [entry, windows] : trials.windows) {
      if (is_left_out(left_out_, entry)) continue;
      for (const results::LeftOut& each : beyond_reach(plan, entry, windows)) {
        if (entry == run_.manifest.reference)
          throw EntryFailed(entry, each.why + ", so that it cannot hold --load " + *each.load);
        left_out_.push_back(each);
      }
    }
    tell_of_left_out();
    if (plan.turns == 0) plan.turns = turns_for(plan, lanes_of(options_), options_.block_length);
    writer_.emplace(options_.output);
    writer_->write(to_line(run_.manifest));
  }

  void take_up() {
    results::reopen(options_.output);
    run_ = results::load(options_.output);
    left_out_ = run_.left_out();
    told_ = left_out_.size();
    writer_.emplace(options_.output);
    if (!run_.blocks.empty()) earlier_s_ = run_.blocks.back().at_s + run_.blocks.back().length_s;
  }

  // Beside the reference: then nothing is compared any more.
  bool is_nobody_left() const {
    const auto& entries = run_.manifest.entries;
    return entries.size() > 1 &&
           std::all_of(entries.begin(), entries.end(), [&](const results::EntrySpec& entry) {
             return entry.name == run_.manifest.reference || is_left_out(left_out_, entry.name);
           });
  }

  // As it happens: a run may take a night.
  void tell_of_left_out() {
    for (; told_ < left_out_.size(); ++told_) {
      tell(sentence(left_out_[told_]));
    }
  }

  void tell(const std::string& line) {
    progress_.clear();
    std::cerr << tool_name << ": " << line << '\n';
  }

  void keep(const results::Window& window) {
    writer_->write(to_line(window));
    run_.windows.push_back(window);
    const double done = static_cast<double>(window.turn - 1);
    progress_.window(window.block, elapsed_s(),
                     done / static_cast<double>(run_.manifest.plan.turns));
  }

  void keep(const results::Profile& profile) {
    writer_->write(to_line(profile));
    run_.profiles.push_back(profile);
  }

  int finish(const std::string& reason, int code) {
    progress_.clear();
    if (!writer_) return code;
    // Windows of a block that was not finished are on file, and count for nothing.
    const auto is_open = [this](const auto& line) { return line.block > run_.blocks.size(); };
    std::erase_if(run_.windows, is_open);
    std::erase_if(run_.profiles, is_open);
    run_.end = results::End{.finished = code == cli::exit_ok,
                            .reason = reason,
                            .elapsed_s = elapsed_s(),
                            .left_out = left_out_};
    const results::JudgedRun judged(std::move(run_));
    if (code == cli::exit_ok) {
      for (const results::Verdict& verdict : results::verdicts(judged))
        writer_->write(to_line(verdict));
    }
    writer_->write(to_line(*judged.run.end));
    if (!judged.run.blocks.empty())
      print_table(std::cout, judged, cli::is_rich_terminal(STDOUT_FILENO));
    std::cout << "\nresults  " << options_.output << '\n';
    if (code != cli::exit_ok) return code;
    if (options_.fail_on)
      return static_cast<int>(hold_within(judged, {.fail_on = *options_.fail_on}, std::cout));
    const auto primary = judged.judgements_of(results::metrics().front().id);
    const bool says_nothing =
        std::all_of(primary.begin(), primary.end(), [](const results::Judgement* judgement) {
          return judgement->control_state == results::Control::failed;
        });
    return says_nothing ? exit_invalid : code;
  }

  const Options& options_;
  Site& site_;
  double earlier_s_ = 0;  // what an earlier part of the run took
  std::int64_t started_ns_;
  Progress progress_;
  results::Run run_;
  std::vector<results::LeftOut> left_out_;
  std::size_t told_ = 0;  // of them
  bool samples_ = false;
  std::optional<results::Writer> writer_;
};

}  // namespace

int run_experiment(const Options& options, Site& site) {
  catch_signals();
  os::raise_descriptor_limit();
  site.prepare(options);
  if (build_info().preset != "release") {
    std::cerr << "duelio-compare: this is a " << build_info().preset
              << " build; figures mean something only from the release preset\n";
  }
  print_plan(std::cerr, options);
  return Experiment(options, site).run();
}

int run_experiments(const std::vector<Options>& cells, Site& site) {
  int worst = cli::exit_ok;
  for (const Options& cell : cells) {
    const int code = run_experiment(cell, site);
    worst = std::max(worst, code);
    if (code == cli::exit_interrupted || !site.is_whole()) break;
  }
  return worst;
}

}  // namespace duelio::compare
