#include "results/judged_run.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "results/layout.h"
#include "tests/results/synthetic.h"

namespace duelio::results {
namespace {

using test::change_windows;
using test::Plan;
using test::synthetic_run;

const Contrast& contrast(const JudgedRun& judged, std::string_view metric, std::string_view load,
                         std::string_view entry = "candidate") {
  return *judged.judgement(metric, load)->contrast(entry);
}

TEST(JudgedRun, FindsAKnownDifferenceAtEachLoadAndOnlyThat) {
  const JudgedRun judged(synthetic_run(
      {.entries = {{"a", 1}, {"better", 0.92}, {"same", 1}, {"worse", 1.1, 0.9}}, .blocks = 20}));
  for (const char* const load : {"10%", "50%", "max"}) {
    const Judgement& judgement = *judged.judgement("cpu", load);
    EXPECT_EQ(judgement.control_state, Control::passed);
    EXPECT_EQ(judgement.control.word, Word::indistinguishable);
    EXPECT_EQ(judgement.effect, 0.02);
    ASSERT_EQ(judgement.contrasts.size(), 3U);
    EXPECT_EQ(judgement.contrasts[0].word, Word::faster);
    EXPECT_TRUE(judgement.contrasts[0].interval->contains(0.92));
    EXPECT_EQ(judgement.contrasts[0].blocks, 20U);
    EXPECT_EQ(judgement.contrasts[1].word, Word::indistinguishable);
  }
  EXPECT_EQ(contrast(judged, "cpu", "50%", "worse").word, Word::slower);
  EXPECT_TRUE(contrast(judged, "cpu", "50%", "worse").interval->contains(1.1));
  EXPECT_EQ(contrast(judged, "cpu", "max", "worse").word, Word::faster);
  EXPECT_EQ(contrast(judged, "rate", "max", "worse").word, Word::faster);
  EXPECT_TRUE(contrast(judged, "rate", "max", "worse").interval->contains(1 / 0.9));
  EXPECT_EQ(contrast(judged, "p50", "10%", "better").word, Word::faster);
  EXPECT_TRUE(contrast(judged, "p99", "10%", "worse").interval->contains(1.1));
  EXPECT_NEAR(*contrast(judged, "syscalls", "max", "same").ratio, 2.0 / 3, 0.001);
  // A median means nothing in a closed loop, a rate nothing in an open one; 2000 requests of a
  // block have two behind p99.9.
  EXPECT_EQ(judged.judgement("p50", "max"), nullptr);
  EXPECT_EQ(judged.judgement("rate", "10%"), nullptr);
  EXPECT_TRUE(judged.judgements_of("p999").empty());
  EXPECT_EQ(judged.judgements_of("cpu").size(), 3U);
}

TEST(JudgedRun, KnowsEntriesByLevelAndByPair) {
  const JudgedRun judged(synthetic_run({.entries = {{"a", 1}, {"b", 1.1}, {"c", 0.9}}}));
  const Judgement& judgement = *judged.judgement("cpu", "10%");
  ASSERT_EQ(judgement.pairs.size(), 3U);
  const Contrast& pair = judgement.pairs[2];
  EXPECT_EQ(pair.entry + "/" + pair.base, "b/c");
  EXPECT_TRUE(pair.interval->contains(1.1 / 0.9));
  EXPECT_EQ(pair.word, Word::slower);
  // What stands in both families is the same ratio; the larger family has the wider interval.
  EXPECT_NEAR(*judgement.pairs[0].ratio * *judgement.contrasts[0].ratio, 1, 1e-12);
  EXPECT_LT(judgement.pairs[0].interval->low, 1 / judgement.contrasts[0].interval->high);
  ASSERT_EQ(judgement.levels.size(), 3U);
  const Level& level = *judgement.level("b");
  EXPECT_NEAR(level.value / judgement.level("a")->value, 1.1, 0.03);
  EXPECT_LT(level.low, level.value);
  EXPECT_GT(level.high, level.value);
}

// 1 of 20 runs may miss one of its intervals; the seeds are fixed.
TEST(JudgedRun, IntervalsOfAMetricHoldTogether) {
  int missed = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const JudgedRun judged(synthetic_run({.entries = {{"a", 1}, {"b", 1}, {"c", 1}},
                                          .loads = {{"10%", 4500.0}, {"50%", 22'500.0}},
                                          .blocks = 8,
                                          .turns = 5,
                                          .tail_requests = 0,
                                          .seed = seed}));
    bool all = true;
    for (const Judgement* judgement : judged.judgements_of("cpu")) {
      for (const Contrast& each : judgement->contrasts) all &= each.interval->contains(1);
    }
    missed += all ? 0 : 1;
  }
  EXPECT_LE(missed, 9);  // P(more than 9) = 3 % at 5 %
  EXPECT_GE(missed, 1);  // nor are they needlessly wide: P(none) = 0.6 %
}

// Bursts make the mean of two lanes larger more often than the one beside it, so the ratio to that
// mean is too small: METHODOLOGY.md quotes by how much.
TEST(JudgedRun, SkewedNoiseMovesNoRatio) {
  results::Run run =
      synthetic_run({.loads = {{"10%", 4500.0}}, .blocks = 200, .turns = 11, .noise = 0.01});
  std::mt19937_64 random(7);
  std::exponential_distribution<double> burst(10);  // of a tenth, as real windows scatter
  for (Window& window : run.windows)
    window.server_cpu_ns =
        std::llround(static_cast<double>(window.server_cpu_ns) * std::exp(burst(random)));
  const JudgedRun judged(run);
  EXPECT_NEAR(*contrast(judged, "cpu", "10%").ratio, 1, 0.003);

  const Layout layout(judged.run);
  std::vector<double> to_the_mean;
  for (std::size_t block = 0; block < layout.blocks(); ++block) {
    std::vector<double> logs;
    for (const auto& row : layout.logs(metrics().front(), block, 0))
      logs.push_back(row[1] - std::log((std::exp(row[0]) + std::exp(row[2])) / 2));
    to_the_mean.push_back(stats::hodges_lehmann(logs));
  }
  const double off = std::exp(stats::mean(to_the_mean)) - 1;
  RecordProperty("to_the_mean", std::to_string(off));
  EXPECT_LT(off, -0.004);
}

TEST(JudgedRun, WithholdsAllWhenTheReferenceDiffersFromItself) {
  const JudgedRun judged(
      synthetic_run({.entries = {{"a", 1}, {"candidate", 0.5}}, .control_shift = 1.1}));
  EXPECT_EQ(judged.judgement("cpu", "10%")->control_state, Control::failed);
  EXPECT_EQ(contrast(judged, "cpu", "10%").word, Word::withheld);
  EXPECT_EQ(contrast(judged, "cpu", "10%").why,
            "the control failed: the reference differs from itself");
}

TEST(JudgedRun, WidensTheEffectToTheReachOfTheControl) {
  const JudgedRun judged(synthetic_run(
      {.entries = {{"a", 1}, {"candidate", 1.04}}, .turns = 4, .noise = 0.08, .seed = 3}));
  const Judgement& judgement = *judged.judgement("cpu", "10%");
  ASSERT_EQ(judgement.control_state, Control::widened);
  EXPECT_GT(judgement.effect, 0.02);
  EXPECT_NE(contrast(judged, "cpu", "10%").word, Word::slower);
  // An equivalence is never easier: the same noise, no difference, and a wide interval.
  const JudgedRun same(synthetic_run({.turns = 4, .noise = 0.08, .seed = 3}));
  const Contrast& equal = contrast(same, "cpu", "10%");
  EXPECT_LT(equal.interval->high, 1 + same.judgement("cpu", "10%")->effect + 0.05);
  EXPECT_EQ(equal.word, Word::inconclusive);
  EXPECT_TRUE(equal.why.starts_with("about ")) << equal.why;
}

// The old record's io_uring rows: the generator was never idle, the other entries are fine.
TEST(JudgedRun, GivesNoRateToAnEntryForWhichTheClientWasTheLimit) {
  results::Run run = synthetic_run({.entries = {{"a", 1}, {"uring", 0.8}, {"asio", 1.1}}});
  change_windows(
      run, [](const Window& w) { return w.entry == "uring" && w.load == "max"; },
      [](Window& window) {
        window.generator_share = 0.99;
        window.server_cpu_ns = std::llround(0.8e9 * window.length_s);
      });
  const JudgedRun judged(run);
  EXPECT_EQ(contrast(judged, "rate", "max", "uring").word, Word::withheld);
  EXPECT_EQ(contrast(judged, "rate", "max", "uring").why, "the client was the limit for uring");
  EXPECT_TRUE(contrast(judged, "rate", "max", "uring").ratio);
  EXPECT_EQ(contrast(judged, "rate", "max", "asio").word, Word::slower);
  EXPECT_EQ(contrast(judged, "cpu", "max", "uring").word, Word::faster);
  EXPECT_TRUE(judged.conduct_of("uring", "max")->client_limited);
  EXPECT_DOUBLE_EQ(judged.conduct_of("uring", "max")->generator_share, 0.99);
  EXPECT_FALSE(judged.conduct_of("asio", "max")->client_limited);
  const auto& pairs = judged.judgement("rate", "max")->pairs;
  EXPECT_EQ(pairs[2].why, "the client was the limit for uring");
}

TEST(JudgedRun, ABusyGeneratorBesideABusyServerIsNoLimit) {
  results::Run run = synthetic_run({});
  change_windows(
      run, [](const Window& w) { return w.load == "max"; },
      [](Window& window) { window.generator_share = 0.99; });
  EXPECT_FALSE(JudgedRun(run).conduct_of("candidate", "max")->client_limited);
}

TEST(JudgedRun, AStallingEntryGivesAResultAboutItself) {
  results::Run run = synthetic_run({.entries = {{"a", 1}, {"stalls", 1}, {"fine", 1.1}}});
  change_windows(
      run, [](const Window& w) { return w.entry == "stalls" && w.load == "50%" && w.block <= 7; },
      [](Window& window) {
        window.finished = window.scheduled * 9 / 10;
        window.failures = {{"timeout", 0, 3}};
      });
  const JudgedRun judged(run);
  const Contrast& stalls = contrast(judged, "cpu", "50%", "stalls");
  EXPECT_EQ(stalls.word, Word::withheld);
  EXPECT_EQ(stalls.why, "stalls did not hold 22.5 k/s in 7 of 12 blocks (timeout)");
  EXPECT_FALSE(stalls.ratio);
  EXPECT_EQ(contrast(judged, "p99", "50%", "stalls").word, Word::withheld);
  EXPECT_EQ(contrast(judged, "cpu", "50%", "fine").word, Word::slower);
  EXPECT_EQ(contrast(judged, "cpu", "10%", "stalls").word, Word::indistinguishable);
  EXPECT_EQ(judged.conduct_of("stalls", "50%")->windows_failed, 70U);
}

TEST(JudgedRun, AFewBlocksThatWereNotHeldKeepTheRatio) {
  results::Run run = synthetic_run({});
  change_windows(
      run, [](const Window& w) { return w.entry == "candidate" && w.block <= 3; },
      [](Window& window) { window.completed = window.scheduled * 9 / 10; });
  const JudgedRun judged(run);
  EXPECT_EQ(contrast(judged, "cpu", "10%").blocks, 12U);
  EXPECT_EQ(contrast(judged, "cpu", "10%").word, Word::indistinguishable);
  EXPECT_EQ(judged.conduct_of("candidate", "10%")->blocks_held, 9U);
  // In the closed loop nothing is offered, but wrong responses are no work done.
  EXPECT_EQ(judged.conduct_of("candidate", "max")->blocks_held, 9U);
}

TEST(JudgedRun, ItsOwnReferenceMayFailToHold) {
  results::Run run = synthetic_run({});
  change_windows(
      run, [](const Window& w) { return w.entry == "reference" && w.load == "50%"; },
      [](Window& window) { window.finished /= 2; });
  const JudgedRun judged(run);
  EXPECT_EQ(judged.judgement("cpu", "50%")->control_state, Control::missing);
  EXPECT_EQ(contrast(judged, "cpu", "50%").why,
            "reference did not hold 22.5 k/s in 12 of 12 blocks");
}

TEST(JudgedRun, VoidWindowsDoNotCountUnlessNoiseIsAccepted) {
  results::Run run = synthetic_run({});
  const auto spoil = [](Window& window) {
    window.void_cause = "the generator was late";
    window.server_cpu_ns *= 10;
  };
  change_windows(
      run, [](const Window& w) { return w.entry == "candidate" && w.turn % 10 < 3; }, spoil);
  JudgedRun judged(run);
  EXPECT_EQ(contrast(judged, "cpu", "10%").blocks, 12U);
  EXPECT_EQ(contrast(judged, "cpu", "10%").word, Word::indistinguishable);
  ASSERT_EQ(judged.void_windows.size(), 1U);
  EXPECT_EQ(sentence(judged.void_windows[0]),
            "candidate: 108 of 360 windows void, the generator was late");
  EXPECT_EQ(judged.conduct_of("candidate", "10%")->windows_void, 36U);

  run.manifest.plan.accept_noise = true;
  const JudgedRun noisy(run);
  EXPECT_NE(contrast(noisy, "cpu", "10%").word, Word::indistinguishable);
  EXPECT_TRUE(noisy.warnings.front().starts_with("disturbed windows count")) << noisy.warnings[0];
}

TEST(JudgedRun, ABlockNeedsHalfItsTurnsAndARunFiveBlocks) {
  results::Run run = synthetic_run({.blocks = 6, .noise = 0.01});
  const auto spoil = [](Window& window) { window.void_cause = "another process ran"; };
  const auto candidate_until = [](std::size_t block, std::size_t turn) {
    return [=](const Window& w) {
      return w.entry == "candidate" && w.load == "10%" && w.block <= block && w.turn <= turn;
    };
  };
  change_windows(run, candidate_until(2, 5), spoil);
  EXPECT_EQ(contrast(JudgedRun(run), "cpu", "10%").blocks, 6U);
  change_windows(run, candidate_until(1, 6), spoil);
  EXPECT_EQ(contrast(JudgedRun(run), "cpu", "10%").blocks, 5U);
  EXPECT_EQ(contrast(JudgedRun(run), "cpu", "10%").word, Word::indistinguishable);
  change_windows(run, candidate_until(2, 6), spoil);
  const JudgedRun judged(run);
  EXPECT_EQ(contrast(judged, "cpu", "10%").blocks, 4U);
  EXPECT_EQ(contrast(judged, "cpu", "10%").word, Word::withheld);
  EXPECT_EQ(contrast(judged, "cpu", "10%").why,
            "too few blocks (4 of 6): candidate: 12 of 180 windows void, another process ran");
}

TEST(JudgedRun, NamesTheCulpritThatWasLeftOut) {
  results::Run run = synthetic_run({});
  std::erase_if(run.windows, [](const Window& w) { return w.entry == "candidate" && w.block > 2; });
  run.end->left_out = {{"candidate", "could not open its connections: 1020 of 1200, EMFILE"}};
  EXPECT_EQ(contrast(JudgedRun(run), "cpu", "10%").why,
            "too few blocks (2 of 12): candidate was left out: could not open its connections: "
            "1020 of 1200, EMFILE");
}

TEST(JudgedRun, SaysWhereASignChanges) {
  const JudgedRun judged(
      synthetic_run({.entries = {{"a", 1}, {"turns", 1.1, 0.9}, {"stays", 0.9}}}));
  ASSERT_EQ(judged.sign_changes.size(), 1U);
  EXPECT_EQ(judged.sign_changes[0].entry, "turns");
  EXPECT_EQ(judged.sign_changes[0].from, "max");
  EXPECT_EQ(judged.sign_changes[0].to, "50%");
}

TEST(JudgedRun, WarnsOfWhatItsIntervalsTakeForGranted) {
  const auto warnings = [](const results::Run& run) { return JudgedRun(run).warnings; };
  EXPECT_TRUE(warnings(synthetic_run({})).empty());
  const auto correlated =
      warnings(synthetic_run({.blocks = 40, .block_noise = 0.05, .block_correlation = 0.95}));
  ASSERT_FALSE(correlated.empty());
  EXPECT_TRUE(correlated[0].starts_with("blocks of candidate at 10% resemble their neighbours"))
      << correlated[0];

  results::Run warming = synthetic_run({});
  change_windows(
      warming,
      [](const Window& w) { return w.entry == "candidate" && w.load == "10%" && w.turn <= 5; },
      [](Window& window) { window.server_cpu_ns = window.server_cpu_ns * 5 / 4; });
  ASSERT_EQ(warnings(warming).size(), 1U);
  EXPECT_TRUE(warnings(warming)[0].starts_with("candidate used 19.7 % less CPU"))
      << warnings(warming)[0];

  results::Run debug = synthetic_run({});
  debug.manifest.build.preset = "dev";
  EXPECT_EQ(warnings(debug),
            std::vector<std::string>{"built as 'dev': only the release preset is ever measured"});
}

TEST(JudgedRun, WithoutAnyBlockSaysNothingAtAll) {
  results::Run run = synthetic_run({.blocks = 0});
  const JudgedRun judged(run);
  EXPECT_TRUE(judged.judgements.empty());
  EXPECT_TRUE(judged.conduct.empty());
}

TEST(JudgedRun, WritesItsVerdictsAsLines) {
  const auto lines = verdicts(JudgedRun(synthetic_run({.entries = {{"a", 1}, {"b", 0.9}}})));
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0].metric + " " + lines[0].load + " " + lines[0].entry + " " + lines[0].base,
            "cpu 10% b a");
  EXPECT_EQ(lines[0].word, "faster");
  EXPECT_LT(*lines[0].low, *lines[0].ratio);
}

}  // namespace
}  // namespace duelio::results
