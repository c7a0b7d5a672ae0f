#include "compare/plan.h"

#include <sstream>

#include <gmock/gmock.h>

#include "compare/loads.h"
#include "tests/compare/parse.h"

namespace duelio::compare {
namespace {

using testing::HasSubstr;

double estimate(Words words) {
  words.insert(words.begin(), {"--load", "20k,max"});
  return estimate_s(parse(words).front());
}

TEST(Plan, ABlockIsFilledWithTurns) {
  const results::Plan plan{.lead_in_s = 0.006, .window_s = 0.025, .loads = {{.id = "max"}}};
  const auto turn = turn_length(plan, 3);
  EXPECT_EQ(turns_for(plan, 3, 20 * turn), 20U);
  EXPECT_EQ(turns_for(plan, 3, 20 * turn - std::chrono::nanoseconds(1)), 19U);
  EXPECT_EQ(turns_for(plan, 6, 20 * turn), 10U);
  EXPECT_EQ(turns_for(plan, 3, turn), 4U);  // or an estimate would hang on one window
}

TEST(Plan, TheEstimateGrowsWithWhatIsAskedFor) {
  const double two = estimate({"--backends", "epoll-et,asio", "--block", "1ms"});
  // The fewest turns each: what grows is the number of lanes, loads, blocks and connections.
  EXPECT_GT(estimate({"--block", "1ms"}), two);
  EXPECT_GT(estimate({"--backends", "epoll-et,asio", "--block", "5s"}), two);
  EXPECT_GT(estimate({"--backends", "epoll-et,asio", "--block", "1ms", "--blocks", "21"}), two);
  EXPECT_GT(estimate({"--backends", "epoll-et,asio", "--block", "1ms", "--window", "30ms"}), two);
  EXPECT_GT(estimate({"--backends", "epoll-et,asio", "--block", "1ms", "--connections", "1000"}),
            two);
  const Words one_load{"--backends", "epoll-et,asio", "--block", "1ms", "--load", "max"};
  EXPECT_LT(estimate_s(parse(one_load).front()), two);
}

TEST(Plan, IsPrintedAsItWillBeDone) {
  const auto cells = parse({"--backends", "asio,epoll-et", "--reference", "epoll-et", "--load",
                            "10%,20k,max", "--blocks", "7", "--block", "1ms", "--seed", "9",
                            "--connections", "8,16", "--threads", "2", "--handler-cpu", "500ns"});
  std::ostringstream out;
  print_plan(out, cells.back());
  for (const char* words :
       {"run 2 of 2: compare asio, epoll-et (reference, twice)", "workload hello, 16 connections",
        "2 threads", "500 ns of work a request", "10% 20k max", "7 of 4 turns", "windows of 6",
        "seed 10", "takes    about "})
    EXPECT_THAT(out.str(), HasSubstr(words));
}

}  // namespace
}  // namespace duelio::compare
