#include "compare/loads.h"

#include <chrono>

#include <gmock/gmock.h>

namespace duelio::compare {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(Loads, AscendWithTheClosedLoopLast) {
  const auto loads = resolve(parse_loads("max,50%,20k,10%,100%"), 36'000);
  std::vector<std::pair<std::string, double>> found;
  for (const results::Load& load : loads) found.emplace_back(load.id, load.rate.value_or(0));
  EXPECT_THAT(found, testing::ElementsAre(std::pair("10%", 3600.0), std::pair("50%", 18'000.0),
                                          std::pair("20k", 20'000.0), std::pair("100%", 36'000.0),
                                          std::pair("max", 0.0)));
  EXPECT_FALSE(loads.back().is_open());
}

TEST(Loads, ARateIsRoundedToWhatPeopleRepeatByHandAndNeverUp) {
  EXPECT_EQ(round_rate(18'765), 18'000);
  EXPECT_EQ(round_rate(3'600), 3'600);
  EXPECT_EQ(round_rate(99'999), 99'000);
  EXPECT_EQ(round_rate(0.29 * 100'000), 29'000);  // 28999.999... in floating point
  EXPECT_DOUBLE_EQ(round_rate(7.39), 7.3);
  EXPECT_EQ(round_rate(0.2), 1);
}

const results::Plan plan{.lead_in_s = 0.004, .window_s = 0.006};

TEST(Loads, AWindowIsAsLongAsSomeHundredRequestsTake) {
  const Times fast = times_of(plan, {.id = "50k", .rate = 50'000});
  EXPECT_EQ(fast.window, milliseconds(6));
  EXPECT_EQ(fast.lead_in, milliseconds(4));
  const Times slow = times_of(plan, {.id = "1k", .rate = 1'000});
  EXPECT_EQ(slow.window, milliseconds(200));
  EXPECT_EQ(slow.lead_in, milliseconds(150));
}

TEST(Loads, TheClosedLoopsBatchesNeedLongerWindows) {
  const Times closed = times_of(plan, {.id = "max"});
  EXPECT_EQ(closed.window, milliseconds(25));
  EXPECT_EQ(closed.lead_in, milliseconds(6));
  const results::Plan long_windows{.lead_in_s = 0.01, .window_s = 0.1};
  EXPECT_EQ(times_of(long_windows, {.id = "max"}).window, milliseconds(100));
  EXPECT_EQ(times_of(long_windows, {.id = "max"}).lead_in, milliseconds(10));
}

TEST(Loads, ATurnIsAWindowOfEachLaneAtEachLoad) {
  results::Plan two = plan;
  two.loads = {{.id = "1k", .rate = 1'000}, {.id = "max"}};
  const nanoseconds windows = milliseconds(150 + 200 + 6 + 25);
  EXPECT_GE(turn_length(two, 1), windows);
  EXPECT_EQ(turn_length(two, 4), 4 * turn_length(two, 1));
}

}  // namespace
}  // namespace duelio::compare
