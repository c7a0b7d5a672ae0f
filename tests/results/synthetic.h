#pragma once

#include <random>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "common/histogram.h"
#include "results/record.h"

// Results as duelio-compare writes them, with known ratios: what the statistics must find again.
namespace duelio::test {

struct Truth {
  std::string entry;
  double ratio = 1;  // of CPU per request, to the reference
};

struct Plan {
  std::vector<Truth> entries{{"reference", 1}, {"candidate", 1}};  // the first is the reference
  int rounds = 12;
  double noise = 0.01;       // relative standard deviation of a slice
  double control_shift = 1;  // a reference that is not like itself
  double generator_share = 0.5;
  std::uint64_t seed = 1;
};

inline boost::json::object manifest(const Plan& plan) {
  boost::json::array entries;
  for (const Truth& truth : plan.entries)
    entries.push_back({{"name", truth.entry}, {"kind", "backend"}});
  return {{"type", "manifest"},
          {"schema", results::schema},
          {"command", {"duelio-compare", "--seed", "1"}},
          {"started", "2026-01-02T03:04:05Z"},
          {"seed", 1},
          {"preset", "quick"},
          {"reference", plan.entries.front().entry},
          {"entries", entries},
          {"workload", {{"name", "hello"}}},
          {"plan",
           {{"looks", {plan.rounds}},
            {"alpha", 0.05},
            {"minimum_effect", 0.02},
            {"connections", 64},
            {"rate", 40000},
            {"closed_s", 1},
            {"open_s", 1},
            {"server_cpus", {0}},
            {"client_cpus", {1}}}},
          {"machine",
           {{"cpu", "A CPU <&>"}, {"cpus", 2}, {"hypervisor", true}, {"kernel", "Linux 6.1"}}},
          {"build", {{"version", "0.1.0"}, {"revision", "abc"}, {"preset", "release"}}}};
}

inline results::Run synthetic_run(const Plan& plan) {
  results::Run run;
  run.manifest = manifest(plan);
  std::mt19937_64 random(plan.seed);
  std::normal_distribution<double> normal;
  for (int round = 1; round <= plan.rounds; ++round) {
    const double weather = 1 + 0.2 * normal(random) * 0.1;  // what a round's slices share
    int position = 0;
    const auto add = [&](const std::string& entry, const std::string& role, double ratio) {
      const auto noisy = [&](double value) {
        return value * weather * (1 + plan.noise * normal(random));
      };
      Histogram latency;
      for (int i = 0; i < 2000; ++i)
        latency.record(static_cast<std::int64_t>(30'000 + 1000 * std::abs(normal(random))));
      results::Slice slice{
          .round = round, .position = ++position, .entry = entry, .role = role, .connections = 64};
      slice.started_s = round * 10.0 + position;
      const double cpu = noisy(8000 * ratio);
      slice.phases = {{"open",
                       {{"metrics",
                         {{"server_cpu_per_request_ns", cpu},
                          {"server_user_per_request_ns", cpu * 0.2},
                          {"server_system_per_request_ns", cpu * 0.8},
                          {"p50_ns", noisy(30'000)},
                          {"p99_ns", noisy(60'000)}}},
                        {"latency", latency.to_json()}}},
                      {"closed",
                       {{"metrics",
                         {{"rate", noisy(100'000 / ratio)},
                          {"server_cpu_per_request_ns", noisy(7000 * ratio)},
                          {"server_share", plan.generator_share > 0.95 ? 0.6 : 0.99},
                          {"generator_share", plan.generator_share}}}}}};
      run.slices.push_back(std::move(slice));
    };
    const std::string& reference = plan.entries.front().entry;
    for (const Truth& truth : plan.entries)
      add(truth.entry, truth.entry == reference ? "reference" : "candidate", truth.ratio);
    add(reference, "control", plan.control_shift);
  }
  run.end = boost::json::object{{"type", "end"}, {"finished", true}};
  return run;
}

// The bytes of its results file.
inline std::string to_text(const results::Run& run) {
  std::string text = boost::json::serialize(run.manifest) + "\n";
  for (const results::Slice& slice : run.slices)
    text += boost::json::serialize(to_json(slice)) + "\n";
  if (run.end) text += boost::json::serialize(*run.end) + "\n";
  return text;
}

}  // namespace duelio::test
