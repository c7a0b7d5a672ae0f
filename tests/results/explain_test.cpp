#include "results/explain.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gmock/gmock.h>

#include "results/judged_run.h"
#include "tests/results/synthetic.h"

namespace duelio::results {
namespace {

using testing::HasSubstr;

const Part& part(const std::vector<Part>& parts, const std::string& cause) {
  return *std::find_if(parts.begin(), parts.end(),
                       [&](const Part& each) { return each.cause == cause; });
}

double sum(const std::vector<Part>& parts) {
  double all = 0;
  for (const Part& each : parts) all += each.difference_ns;
  return all;
}

TEST(TakeApart, GivesEachCauseItsShareOfTheTime) {
  const Timed timed{.base_ns = 1000, .log_ratios = std::vector<double>(6, std::log(0.8))};
  const Sampled sampled{.causes = {"send", "arm"},
                        .entry = std::vector<std::vector<double>>(6, {100, 0}),
                        .base = std::vector<std::vector<double>>(6, {150, 50})};
  const std::vector<Part> parts = take_apart(timed, sampled, 0.05);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts.front().cause, "arm") << "the largest first";
  EXPECT_NEAR(part(parts, "send").entry_ns, 800, 1e-9);
  EXPECT_NEAR(part(parts, "send").base_ns, 750, 1e-9);
  EXPECT_NEAR(part(parts, "send").difference_ns, 50, 1e-9);
  EXPECT_NEAR(part(parts, "arm").difference_ns, -250, 1e-9);
}

TEST(TakeApart, HasNoIntervalsOfTooFewBlocks) {
  const Timed timed{.base_ns = 1000, .log_ratios = std::vector<double>(4, 0)};
  const Sampled sampled{.causes = {"send", "arm"},
                        .entry = std::vector<std::vector<double>>(4, {100, 0}),
                        .base = std::vector<std::vector<double>>(4, {150, 50})};
  for (const Part& each : take_apart(timed, sampled, 0.05)) {
    EXPECT_FALSE(each.interval) << each.cause;
    EXPECT_FALSE(each.is_told()) << each.cause;
  }
  EXPECT_TRUE(take_apart(timed, {}, 0.05).empty());
}

// Samples of known shares: how often all intervals of a difference hold together.
class Drawn {
 public:
  explicit Drawn(std::uint64_t seed) : random_(seed) {}

  std::vector<double> block(const std::vector<double>& shares, int samples) {
    std::discrete_distribution<std::size_t> one(shares.begin(), shares.end());
    std::vector<double> counts(shares.size(), 0);
    for (int i = 0; i < samples; ++i) ++counts[one(random_)];
    return counts;
  }
  double noisy(double value) { return std::normal_distribution<double>(value, 0.01)(random_); }

 private:
  std::mt19937_64 random_;
};

TEST(TakeApart, IntervalsHoldTheTruthAsOftenAsTheySay) {
  const std::vector<double> of_entry{0.5, 0.3, 0.15, 0.05, 0};
  const std::vector<double> of_base{0.4, 0.3, 0.15, 0.05, 0.1};
  constexpr double ratio = 0.9;
  constexpr int runs = 100;
  for (const std::size_t blocks : {6U, 12U}) {
    int held = 0;
    for (int run = 0; run < runs; ++run) {
      Drawn drawn(static_cast<std::uint64_t>(run));
      Timed timed{.base_ns = 5000};
      Sampled sampled{.causes = {"a", "b", "c", "d", "e"}};
      for (std::size_t block = 0; block < blocks; ++block) {
        timed.log_ratios.push_back(drawn.noisy(std::log(ratio)));
        sampled.entry.push_back(drawn.block(of_entry, 100));
        sampled.base.push_back(drawn.block(of_base, 200));
      }
      const std::vector<Part> parts = take_apart(timed, sampled, 0.05);
      bool all = true;
      for (std::size_t cause = 0; cause < of_entry.size(); ++cause) {
        const double truth = 5000 * (ratio * of_entry[cause] - of_base[cause]);
        all = all && part(parts, sampled.causes[cause]).interval->contains(truth);
      }
      held += all ? 1 : 0;
      EXPECT_NEAR(sum(parts), 5000 * (std::exp(stats::mean(timed.log_ratios)) - 1), 1e-6);
    }
    // 95 % asked for; three standard errors of 100 runs are 6.5 %.
    EXPECT_GE(held, runs * 88 / 100) << blocks;
  }
}

// A run whose candidate makes no epoll_ctl, in which the two are otherwise alike.
results::Run sampled_run(double ratio = 0.8) {
  results::Run run = test::synthetic_run({.entries = {{"oneshot"}, {"et", ratio}}, .blocks = 8});
  const std::vector<std::string> frames{"kernel`do_syscall_64", "kernel`__x64_sys_sendto",
                                        "kernel`tcp_sendmsg",   "kernel`__x64_sys_epoll_ctl",
                                        "kernel`do_epoll_ctl",  "strange`[unknown]",
                                        "[unknown]`[unknown]"};
  for (const Block& block : run.blocks) {
    for (const Load& load : run.manifest.plan.loads) {
      const auto noise = static_cast<std::uint32_t>(block.block % 3);
      for (const Role role : {Role::reference, Role::control})
        run.profiles.push_back({block.block,
                                load.id,
                                "oneshot",
                                role,
                                frames,
                                {{80 + noise, 0, 1, 2}, {20, 0, 3, 4}}});
      run.profiles.push_back(
          {block.block, load.id, "et", Role::candidate, frames, {{80 + noise, 0, 1, 2}}});
    }
  }
  return run;
}

TEST(Explanation, NamesTheCallThatIsNotMade) {
  const JudgedRun judged(sampled_run());
  ASSERT_EQ(judged.explanations.contrasts.size(), 3U) << "one at each load";
  for (const Explanation& each : judged.explanations.contrasts) {
    const Contrast& contrast = *judged.judgement("cpu", each.load.id)->contrast("et");
    const double base = judged.judgement("cpu", each.load.id)->level("oneshot")->value;
    EXPECT_NEAR(each.difference_ns, base * (*contrast.ratio - 1), 1e-6);
    for (const auto* const parts : {&each.by_call, &each.by_work, &each.by_both})
      EXPECT_NEAR(sum(*parts), each.difference_ns, 1e-6) << "the causes are all of it";
    EXPECT_TRUE(part(each.by_call, "epoll_ctl").is_told());
    EXPECT_FALSE(part(each.by_call, "sendto").is_told());
    EXPECT_LT(part(each.by_work, "readiness (epoll, poll)").difference_ns, -0.15 * base);
    EXPECT_EQ(each.blocks, 8U);
    EXPECT_EQ(each.base_samples, 2 * (each.samples + 160));
    EXPECT_THAT(sentence(each), HasSubstr("et needs "));
    EXPECT_THAT(sentence(each), HasSubstr("less CPU per request than oneshot at " + each.load.id +
                                          ": epoll_ctl -"));
    EXPECT_THAT(sentence(each), HasSubstr("; the rest is not told"));
    EXPECT_THAT(shortcomings(each), testing::IsEmpty());
  }
}

TEST(Explanation, OfARunThatWasNotSampledIsNone) {
  EXPECT_TRUE(JudgedRun(test::synthetic_run({})).explanations.contrasts.empty());
  results::Run run = sampled_run();
  std::erase_if(run.profiles, [](const Profile& each) { return each.entry == "et"; });
  EXPECT_TRUE(JudgedRun(run).explanations.contrasts.empty()) << "one side alone tells nothing";
}

TEST(Explanation, SaysWhatTheTableDoesNotKnow) {
  results::Run run = sampled_run();
  for (Profile& profile : run.profiles) {
    if (profile.entry == "et") profile.stacks.push_back({20, 6});
  }
  const JudgedRun judged(run);
  const Explanation& first = judged.explanations.contrasts.front();
  EXPECT_GT(first.unplaced_share, 0.15);
  EXPECT_EQ(first.base_unplaced_share, 0);
  ASSERT_EQ(shortcomings(first).size(), 1U);
  EXPECT_THAT(shortcomings(first).front(), HasSubstr("of the samples of et at 10% are not placed"));
}

}  // namespace
}  // namespace duelio::results
