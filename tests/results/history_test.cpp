#include "results/history.h"

#include <cmath>
#include <random>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/change_points.h"
#include "tests/results/synthetic.h"

namespace duelio::results {
namespace {

using stats::Levels;
using stats::levels_of;
using stats::Measured;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Measured> noise(std::size_t length, double error, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, error);
  std::vector<Measured> series(length);
  for (Measured& each : series) each = {normal(random), error};
  return series;
}

void shift(std::vector<Measured>& series, std::size_t from, double by) {
  for (std::size_t i = from; i < series.size(); ++i) series[i].value += by;
}

TEST(ChangePoints, FindEveryStepAndNothingElse) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::vector<Measured> series = noise(30, 0.004, seed);
    shift(series, 10, 0.03);
    shift(series, 22, -0.05);
    EXPECT_THAT(levels_of(series, 0.01).changes, ElementsAre(10, 22)) << seed;
  }
}

TEST(ChangePoints, ClaimAStepWhereThereIsNoneNoMoreOftenThanTheLevelAllows) {
  int claims = 0;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed)
    claims += levels_of(noise(12, 0.004, seed), 0.05).changes.empty() ? 0 : 1;
  // 1,000 trials at 5 %: more than 68 have a probability below 0.6 % (binomial law).
  EXPECT_LE(claims, 68);
}

TEST(ChangePoints, ScatterThatTheErrorsDoNotKnowIsNoStep) {
  // Runs of different days differ by more than their own errors say.
  int claims = 0;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    std::vector<Measured> series = noise(20, 0.01, seed);
    for (Measured& each : series) each.error = 0.001;
    claims += levels_of(series, 0.05).changes.empty() ? 0 : 1;
  }
  EXPECT_LE(claims, 40);  // 8 %: the scatter itself is an estimate
}

TEST(ChangePoints, AnUncertainValueCountsLess) {
  const std::vector<Measured> series{{1.0, 0.1}, {3.0, 0.2}};
  EXPECT_NEAR(stats::level(series, 0).value, (100 * 1.0 + 25 * 3.0) / 125, 1e-12);
  EXPECT_NEAR(stats::level(series, 0).error, 1 / std::sqrt(125), 1e-12);
  EXPECT_NEAR(stats::level(series, 1e6).value, 2, 1e-3);  // who scatters so is worth the same
}

TEST(ChangePoints, TooFewAreNoHistory) {
  EXPECT_TRUE(levels_of({}, 0.05).changes.empty());
  EXPECT_TRUE(levels_of(noise(3, 0.001, 1), 0.05).changes.empty());
}

std::vector<JudgedRun> made_up_runs(std::uint64_t seed, double step, std::size_t at) {
  std::vector<JudgedRun> runs;
  for (std::size_t i = 0; i < 12; ++i) {
    test::Plan plan{.entries = {{"reference", 1}, {"one", 0.9}, {"two", i < at ? 1.1 : 1.1 * step}},
                    .loads = {{"50%", 22'500.0}},
                    .turns = 4,
                    .noise = 0.015,
                    .block_noise = 0.003,
                    .tail_requests = 1,
                    .seed = seed * 100 + i};
    Run run = test::synthetic_run(plan);
    run.manifest.build.revision = "rev" + std::to_string(i + 1);
    runs.emplace_back(std::move(run));
  }
  return runs;
}

TEST(History, NamesTheRevisionOfAStepOfTwoPerCent) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto runs = made_up_runs(seed, 1.02, 7);
    const auto history = history_of(runs);
    ASSERT_EQ(history.size(), 2U);
    EXPECT_TRUE(history[0].steps.empty()) << seed;
    ASSERT_EQ(history[1].steps.size(), 1U) << seed;
    EXPECT_EQ(history[1].steps[0].point, 7U) << seed;
    EXPECT_TRUE(history[1].steps[0].interval.contains(1.02)) << seed;
    EXPECT_THAT(step_sentences(runs, history),
                ElementsAre(AllOf(HasSubstr("two has "), HasSubstr("% more CPU per request ["),
                                  HasSubstr("] at 50% since rev8 (2026-01-02; 8th of 12 runs)"))));
  }
}

TEST(History, SaysSoWhereNothingChanged) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto runs = made_up_runs(seed, 1, 0);
    std::ostringstream out;
    print_history(out, runs);
    EXPECT_THAT(out.str(), AllOf(HasSubstr("one at 50%: no step in 12 runs\n"),
                                 HasSubstr("two at 50%: no step in 12 runs\n")))
        << seed;
  }
}

}  // namespace
}  // namespace duelio::results
