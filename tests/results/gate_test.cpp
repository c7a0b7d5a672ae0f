#include "results/gate.h"

#include <sstream>

#include <gtest/gtest.h>

#include "tests/results/synthetic.h"

namespace duelio::results {
namespace {

using test::Plan;
using test::synthetic_run;

struct Outcome {
  Gate gate;
  std::string said;
};

Outcome against(const Run& before, const Run& after, const GateRule& rule = {}) {
  std::ostringstream out;
  const Gate gate = hold_against(JudgedRun(before), JudgedRun(after), rule, out);
  return {gate, out.str()};
}

Outcome within(const Run& run, const GateRule& rule = {}) {
  std::ostringstream out;
  const Gate gate = hold_within(JudgedRun(run), rule, out);
  return {gate, out.str()};
}

Run run_of(double ratio, std::uint64_t seed = 1, Plan plan = {}) {
  plan.entries = {{"old", 1}, {"new", ratio}};
  plan.seed = seed;
  return synthetic_run(plan);
}

TEST(GateWithin, PassesRegressesOrCannotTell) {
  EXPECT_EQ(within(run_of(1)).gate, Gate::passed);
  EXPECT_EQ(within(run_of(1.02)).gate, Gate::passed);
  const Outcome worse = within(run_of(1.1));
  EXPECT_EQ(worse.gate, Gate::regressed);
  EXPECT_NE(worse.said.find("of old: REGRESSION\n"), std::string::npos) << worse.said;
  const Outcome near = within(run_of(1.05, 2));
  EXPECT_EQ(near.gate, Gate::cannot_tell);
  EXPECT_NE(near.said.find("cannot tell: it may be beyond 5.0 %\n"), std::string::npos)
      << near.said;
  EXPECT_EQ(within(run_of(1.1, 1, {.blocks = 2})).gate, Gate::cannot_tell);
  EXPECT_EQ(within(run_of(0.8)).gate, Gate::passed);
}

TEST(GateWithin, WhatTheControlCouldNotTellApartIsNoRegression) {
  const Plan noisy{.turns = 4, .noise = 0.08};
  const results::Run run = run_of(1.06, 3, noisy);
  const JudgedRun judged(run);
  ASSERT_EQ(judged.judgement("cpu", "10%")->control_state, Control::widened);
  EXPECT_EQ(within(run, {.fail_on = 0.001}).gate, Gate::cannot_tell) << within(run).said;
}

TEST(GateWithin, AnEntryThatCannotDoTheWorkHasRegressed) {
  results::Run run = run_of(1);
  test::change_windows(
      run, [](const Window& w) { return w.entry == "new" && w.load == "50%"; },
      [](Window& window) { window.finished /= 2; });
  const Outcome outcome = within(run);
  EXPECT_EQ(outcome.gate, Gate::regressed);
  EXPECT_NE(
      outcome.said.find("new at 50%: new did not hold 22.5 k/s in 12 of 12 blocks: REGRESSION\n"),
      std::string::npos)
      << outcome.said;
  results::Run gone = run_of(1);
  std::erase_if(gone.windows, [](const Window& w) { return w.entry == "new"; });
  gone.end->left_out = {{"new", "crashed"}};
  EXPECT_EQ(within(gone).gate, Gate::regressed);
}

TEST(GateWithin, ProvesNothingWithAFailedControlOrWithoutEntries) {
  EXPECT_EQ(within(run_of(1.1, 1, {.control_shift = 1.5})).gate, Gate::invalid);
  EXPECT_EQ(within(synthetic_run({.entries = {{"alone", 1}}})).gate, Gate::nothing_matched);
  results::Run killed = run_of(1);
  killed.end.reset();
  killed.file = "b.jsonl";
  EXPECT_EQ(within(killed).gate, Gate::invalid);
  EXPECT_EQ(within(killed).said,
            "b.jsonl: the run was not finished (killed), so it can prove nothing\n");
}

TEST(GateAgainst, HoldsRatiosAgainstRatios) {
  EXPECT_EQ(against(run_of(1), run_of(1, 2)).gate, Gate::passed);
  EXPECT_EQ(against(run_of(1), run_of(1.1, 2)).gate, Gate::regressed);
  EXPECT_EQ(against(run_of(1), run_of(1.05, 2)).gate, Gate::cannot_tell);
  EXPECT_EQ(against(run_of(1), run_of(1.05, 2), {.fail_on = 0.1}).gate, Gate::passed);
  // A machine that is twice as slow today is no regression of the code.
  results::Run slow = run_of(1, 2);
  for (Window& window : slow.windows) window.server_cpu_ns *= 2;
  EXPECT_EQ(against(run_of(1), slow).gate, Gate::passed);
}

TEST(GateAgainst, IsNeverGreenWhenNothingMatched) {
  EXPECT_EQ(against(run_of(1), synthetic_run({.entries = {{"old", 1}, {"x", 1}}})).gate,
            Gate::nothing_matched);
  EXPECT_EQ(against(run_of(1, 1, {.blocks = 1}), run_of(1, 1, {.blocks = 1})).gate,
            Gate::cannot_tell);
}

TEST(GateAgainst, RefusesWhatIsNotComparable) {
  results::Run other = run_of(1, 2);
  other.manifest.machine.cpu = "another";
  const Outcome outcome = against(run_of(1), other);
  EXPECT_EQ(outcome.gate, Gate::not_comparable);
  EXPECT_EQ(outcome.said, "not comparable: machine cpu: A CPU <&> and another\n");
  EXPECT_EQ(against(run_of(1), other, {.allow_unlike = true}).gate, Gate::passed);
  // A calibrated load follows the day's speed, but not to any length.
  const auto at_rate = [](double rate) {
    return run_of(1, 2, {.loads = {{"10%", rate}, {"50%", 22'500.0}, {"max", std::nullopt}}});
  };
  EXPECT_EQ(against(run_of(1), at_rate(4000)).gate, Gate::passed);
  EXPECT_EQ(against(run_of(1), at_rate(9000)).said,
            "not comparable: load 10%: 4.50 k/s and 9.00 k/s offered\n");
}

TEST(GateAgainst, AnEntryThatNoLongerHoldsItsRateHasRegressed) {
  results::Run tired = run_of(1, 2);
  test::change_windows(
      tired, [](const Window& w) { return w.entry == "new" && w.load == "50%"; },
      [](Window& window) { window.finished /= 2; });
  EXPECT_EQ(against(run_of(1), tired).gate, Gate::regressed);
  EXPECT_EQ(against(tired, run_of(1)).gate, Gate::cannot_tell);
  EXPECT_EQ(against(run_of(1), run_of(1, 2, {.control_shift = 1.2})).gate, Gate::invalid);
}

}  // namespace
}  // namespace duelio::results
