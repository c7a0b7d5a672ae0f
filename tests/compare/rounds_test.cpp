#include "compare/rounds.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/results/synthetic.h"

namespace duelio::compare {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

// What is done, in order: "1.2" is the second attempt at round 1, "?" a look.
struct Log {
  std::vector<std::string> done;
  std::optional<int> given_up;
};

Log log_of(const std::vector<std::size_t>& looks, Start start, bool counts, bool decided) {
  Log log;
  const Steps steps{.run =
                        [&](int round, int attempt) {
                          log.done.push_back(std::to_string(round) + "." + std::to_string(attempt));
                          return counts;
                        },
                    .is_decided =
                        [&] {
                          log.done.emplace_back("?");
                          return decided;
                        },
                    .pause = [](int /*tries*/) {}};
  log.given_up = run_rounds(looks, start, steps);
  return log;
}

TEST(Rounds, EndAtTheFirstLookThatDecides) {
  EXPECT_THAT(log_of({2, 4}, {}, true, true).done, ElementsAre("1.1", "2.1", "?"));
  EXPECT_THAT(log_of({2, 4}, {}, true, false).done, ElementsAre("1.1", "2.1", "?", "3.1", "4.1"));
}

TEST(Rounds, ThatGoOnTakeNoLookAgainWithMoreData) {
  EXPECT_THAT(log_of({2, 4, 5}, {.round = 4, .complete = 3}, true, true).done,
              ElementsAre("4.1", "?"));
  // The run was killed before this look, or it did not decide: with the same data it says the same.
  EXPECT_THAT(log_of({2, 4}, {.round = 3, .complete = 2}, true, true).done, ElementsAre("?"));
}

TEST(Rounds, AreGivenUpAfterTenTriesWhereverTheyBegan) {
  for (const int attempt : {1, 5, 10, 11, 30}) {
    const Log log = log_of({2}, {.round = 2, .attempt = attempt, .complete = 1}, false, false);
    EXPECT_EQ(log.given_up, 2);
    ASSERT_THAT(log.done, SizeIs(10));
    EXPECT_EQ(log.done.front(), "2." + std::to_string(attempt));
  }
}

TEST(Rounds, GoOnAfterTheLastThatIsWhole) {
  results::Run run = test::synthetic_run({.rounds = 3});
  Start start = start_after(run);
  EXPECT_EQ(start.round, 4);
  EXPECT_EQ(start.attempt, 1);
  EXPECT_EQ(start.complete, 3U);
  run.slices.pop_back();
  start = start_after(run);
  EXPECT_EQ(start.round, 3);
  EXPECT_EQ(start.attempt, 2);
  EXPECT_EQ(start.complete, 2U);
  run.slices.clear();
  EXPECT_EQ(start_after(run).round, 1);
}

}  // namespace
}  // namespace duelio::compare
