#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/histogram.h"
#include "results/record.h"

// Runs as duelio-compare writes them, with known ratios and noise of a known form: what the
// statistics must find again.
namespace duelio::test {

struct Truth {
  std::string entry;
  double ratio = 1;                           // of CPU per request and latency, to the reference
  std::optional<double> ratio_when_closed{};  // none: the same
};

struct Plan {
  std::vector<Truth> entries{{"reference", 1}, {"candidate", 1}};  // the first is the reference
  std::vector<results::Load> loads{{"10%", 4500.0}, {"50%", 22'500.0}, {"max", std::nullopt}};
  std::size_t blocks = 12;
  std::size_t turns = 10;
  double noise = 0.02;            // standard deviation of a window's logarithm
  double drift = 0.1;             // of what the windows of a turn share
  double turn_correlation = 0.5;  // AR(1) of both from turn to turn
  double block_noise = 0.002;     // of what a lane's windows of a block share: layout luck
  double block_correlation = 0;   // AR(1) of that from block to block
  int tail_requests = 2000;       // in a lane's histogram of a block, at each load
  double control_shift = 1;       // a reference that is not like itself
  std::uint64_t seed = 1;
};

// A stationary AR(1) process: each value resembles the one before it.
class Ar1 {
 public:
  Ar1(double deviation, double correlation) : deviation_(deviation), correlation_(correlation) {}

  template <class Random>
  double next(Random& random) {
    std::normal_distribution<double> normal;
    const double fresh = deviation_ * normal(random);
    value_ = has_begun_ ? correlation_ * value_ + std::sqrt(1 - correlation_ * correlation_) * fresh
                        : fresh;
    has_begun_ = true;
    return value_;
  }

 private:
  double deviation_;
  double correlation_;
  double value_ = 0;
  bool has_begun_ = false;
};

inline results::Manifest manifest(const Plan& plan) {
  results::Manifest manifest;
  manifest.command = {"duelio-compare", "--seed", "1"};
  manifest.started = "2026-01-02T03:04:05Z";
  manifest.seed = plan.seed;
  manifest.preset = "quick";
  manifest.reference = plan.entries.front().entry;
  for (const Truth& truth : plan.entries) {
    manifest.entries.push_back({.name = truth.entry, .kind = "backend", .backend = truth.entry});
    manifest.calibration.push_back({.entry = truth.entry, .rates = {45'000 / truth.ratio}});
  }
  manifest.workload.name = "hello";
  manifest.plan = {.blocks = plan.blocks,
                   .turns = plan.turns,
                   .alpha = 0.05,
                   .minimum_effect = 0.02,
                   .lead_in_s = 0.005,
                   .window_s = 0.025,
                   .connections = 64,
                   .loads = plan.loads,
                   .server_cpus = {0},
                   .client_cpus = {1},
                   .generator_polls = true};
  manifest.machine = {.cpu = "A CPU <&>",
                      .cpus = 2,
                      .hypervisor = true,
                      .kernel = "Linux 6.1",
                      .clocksource = "tsc",
                      .mitigations = "",
                      .syscall_counts = "available",
                      .hardware_counters = "available"};
  manifest.build = {.version = "0.1.0",
                    .revision = "abc",
                    .preset = "release",
                    .compiler = "g++ 12",
                    .flags = "-O3",
                    .boost = "1.81"};
  return manifest;
}

// Makes a run window by window. The lanes are the entries and the control behind them.
class Maker {
 public:
  explicit Maker(const Plan& plan) : plan_(plan), random_(plan.seed) {
    run_.manifest = manifest(plan);
    for (const Truth& truth : plan.entries)
      lanes_.push_back(Lane{
          truth,
          &truth == &plan.entries.front() ? results::Role::reference : results::Role::candidate,
          plan});
    lanes_.push_back(Lane{plan.entries.front(), results::Role::control, plan});
    lanes_.back().truth.ratio *= plan.control_shift;
    if (lanes_.back().truth.ratio_when_closed)
      *lanes_.back().truth.ratio_when_closed *= plan.control_shift;
  }

  results::Run make() {
    for (std::size_t block = 1; block <= plan_.blocks; ++block) add_block(block);
    run_.end = results::End{.finished = true, .reason = "complete", .elapsed_s = at_s_};
    return std::move(run_);
  }

 private:
  struct Lane {
    Lane(const Truth& of, results::Role as, const Plan& plan)
        : truth(of), role(as), layout(plan.block_noise, plan.block_correlation) {}
    Truth truth;
    results::Role role;
    Ar1 layout;
    double luck = 0;  // of this block
  };

  double ratio(const Lane& lane, const results::Load& load) const {
    return load.is_open() ? lane.truth.ratio
                          : lane.truth.ratio_when_closed.value_or(lane.truth.ratio);
  }

  void add_block(std::size_t number) {
    results::Block block{.block = number, .at_s = at_s_};
    for (Lane& lane : lanes_) lane.luck = lane.layout.next(random_);
    std::size_t turn = 0;
    for (const results::Load& load : plan_.loads) {
      for (std::size_t i = 0; i < plan_.turns; ++i) add_turn(number, ++turn, load);
    }
    for (const Lane& lane : lanes_) {
      results::Lane record{.entry = lane.truth.entry,
                           .role = lane.role,
                           .rss_at_start_bytes = 4 << 20,
                           .rss_at_end_bytes = 5 << 20,
                           .requests_per_wakeup = 1.5};
      for (const results::Load& load : plan_.loads) record.loads.push_back(lane_load(lane, load));
      block.lanes.push_back(std::move(record));
    }
    block.length_s = at_s_ - block.at_s;
    run_.blocks.push_back(std::move(block));
  }

  void add_turn(std::size_t block, std::size_t turn, const results::Load& load) {
    const double weather = drift_.next(random_);
    for (const Lane& lane : lanes_) {
      const double noise = plan_.noise * normal_(random_);
      const double factor = ratio(lane, load) * std::exp(weather + lane.luck + noise);
      const double rate = load.rate.value_or(45'000 / factor);
      const auto requests = static_cast<std::uint64_t>(std::llround(rate * 0.025));
      const double cpu_ns = load.is_open() ? 11'000 * factor : 1e9 / rate;
      run_.windows.push_back({.block = block,
                              .turn = turn,
                              .load = load.id,
                              .entry = lane.truth.entry,
                              .role = lane.role,
                              .at_s = at_s_,
                              // So that a rate is not rounded to whole requests.
                              .length_s = static_cast<double>(requests) / rate,
                              .scheduled = requests,
                              .completed = requests,
                              .finished = requests,
                              .server_cpu_ns = std::llround(cpu_ns * static_cast<double>(requests)),
                              .generator_share = 0.5,
                              .p50_ns = 30'000 * factor,
                              .dispatch_lag_p50_ns = 500});
      at_s_ += 0.03;
    }
  }

  results::LaneLoad lane_load(const Lane& lane, const results::Load& load) {
    Histogram latency;
    for (int i = 0; i < plan_.tail_requests; ++i)
      // Whole microseconds: few buckets, short lines.
      latency.record(1000 * std::llround(30 * ratio(lane, load) *
                                         std::exp(lane.luck + 0.3 * std::abs(normal_(random_)))));
    return {.load = load.id,
            .latency = latency.to_json(),
            .syscalls_per_request =
                (lane.role == results::Role::candidate ? 2.0 : 3.0) + 0.001 * normal_(random_)};
  }

  const Plan& plan_;
  results::Run run_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  Ar1 drift_{plan_.drift, plan_.turn_correlation};
  std::vector<Lane> lanes_;
  double at_s_ = 0;
};

inline results::Run synthetic_run(const Plan& plan) {
  return Maker(plan).make();
}

// The bytes of its results file, each block's windows before its line.
inline std::string to_text(const results::Run& run) {
  std::string text;
  const auto add = [&](const auto& line) {
    text += boost::json::serialize(results::to_line(line)) + "\n";
  };
  add(run.manifest);
  for (const results::Block& block : run.blocks) {
    for (const results::Window& window : run.windows) {
      if (window.block == block.block) add(window);
    }
    add(block);
  }
  if (run.end) add(*run.end);
  return text;
}

// Changes the windows that `which` picks.
template <class Which, class Change>
void change_windows(results::Run& run, Which which, Change change) {
  for (results::Window& window : run.windows) {
    if (which(window)) change(window);
  }
}

}  // namespace duelio::test
