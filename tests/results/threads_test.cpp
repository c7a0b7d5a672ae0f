#include "results/threads.h"

#include <cmath>

#include <gmock/gmock.h>

#include "tests/results/synthetic.h"

namespace duelio::results {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Imbalance, IsTheLargestOverTheMean) {
  EXPECT_EQ(largest_over_mean({5, 5, 5}), 1);
  EXPECT_EQ(largest_over_mean({4, 2, 1, 1}), 2);
  EXPECT_EQ(largest_over_mean({0, 9}), 2);
  EXPECT_EQ(largest_over_mean({0, 0}), std::nullopt);
  EXPECT_EQ(largest_over_mean({}), std::nullopt);
}

TEST(Imbalance, IsJudgedWhereThreadsAreSeveral) {
  results::Run run = test::synthetic_run({});
  EXPECT_THAT(JudgedRun(run).judgements_of("imbalance"), IsEmpty());
  for (Block& block : run.blocks) {
    for (Lane& lane : block.lanes) {
      for (LaneLoad& load : lane.loads)
        load.thread_cpu_ns = lane.entry == "candidate" ? std::vector<std::int64_t>{30, 10}
                                                       : std::vector<std::int64_t>{20, 20};
    }
  }
  const JudgedRun judged(run);
  const auto judgements = judged.judgements_of("imbalance");
  ASSERT_EQ(judgements.size(), run.manifest.plan.loads.size());
  EXPECT_EQ(judgements.front()->level("reference")->value, 1);
  EXPECT_DOUBLE_EQ(judgements.front()->level("candidate")->value, 1.5);
  EXPECT_EQ(judgements.front()->contrast("candidate")->word, Word::slower);
}

constexpr auto is_closed = [](const Window& window) { return window.load == "max"; };

// Eight connections on four threads, as chance has it; throughput falls by the power of how full
// the fullest is.
Run run_with_queues(double power, const char* sharing = "per-thread") {
  Run run = test::synthetic_run({.entries = {{"shared", 1}, {"own", 1}}, .blocks = 20});
  const std::vector<std::vector<std::uint64_t>> draws{
      {2, 2, 2, 2}, {4, 2, 1, 1}, {3, 3, 1, 1}, {5, 1, 1, 1}, {3, 2, 2, 1}};
  for (EntrySpec& entry : run.manifest.entries) entry.threads = 4;
  run.manifest.plan.server_cpus = {0, 1, 2, 3};
  for (Block& block : run.blocks) {
    const auto& draw = draws[block.block * 7 % 5];
    for (Lane& lane : block.lanes) {
      lane.sharing = lane.entry == "own" ? sharing : "shared";
      lane.threads.emplace();
      for (const std::uint64_t connections : draw)
        lane.threads->push_back({.accepts = connections, .requests = 100, .cpu_ns = 1});
    }
    const double fullest = static_cast<double>(draw.front()) / 2;
    for (Window& window : run.windows) {
      if (window.block == block.block && window.entry == "own" && is_closed(window)) {
        window.finished = static_cast<std::uint64_t>(static_cast<double>(window.finished) *
                                                     std::pow(fullest, -power));
        window.server_cpu_ns = static_cast<std::int64_t>(static_cast<double>(window.server_cpu_ns) *
                                                         std::pow(fullest, -power));
      }
    }
  }
  return run;
}

TEST(Queues, ThatAreUnevenAreNamed) {
  EXPECT_THAT(JudgedRun(run_with_queues(0)).warnings,
              ElementsAre("uneven queues: the fullest of own's 4 threads had 1.50 times the mean "
                          "of connections (1.00 to 2.50)"));
}

TEST(Queues, ThatAreTheLargestNoiseAreNamedAsSuch) {
  EXPECT_THAT(JudgedRun(run_with_queues(0.5)).warnings,
              testing::Contains(HasSubstr(
                  "uneven queues were the largest noise of own in throughput at max: 9")));
}

TEST(Queues, OfASharedSetAreNone) {
  for (const std::string& warning : JudgedRun(run_with_queues(0.5, "shared")).warnings)
    EXPECT_THAT(warning, testing::Not(HasSubstr("queues")));
}

}  // namespace
}  // namespace duelio::results
