#include "loadgen/timer_wheel.h"

#include <random>

#include <gtest/gtest.h>

namespace duelio::loadgen {
namespace {

TEST(TimerWheel, LooksOnceAndNeverBeforeTheTimeNorATickAfterIt) {
  constexpr std::int64_t tick = 50;
  TimerWheel<std::size_t> wheel(tick);
  std::int64_t now = 1'000'003;
  wheel.start(now);
  std::mt19937 random(1);
  std::vector<std::int64_t> due(5000);
  std::vector<std::int64_t> seen(due.size(), 0);
  for (std::size_t i = 0; i < due.size(); ++i) {
    due[i] = now + static_cast<std::int64_t>(random() % 100'000);  // beyond one turn
    wheel.add(i, due[i]);
  }
  for (std::size_t looks = 0; now < 1'110'000; now += tick) {
    wheel.turn(now, [&](std::size_t i) {
      ++looks;
      if (now < due[i]) return wheel.add(i, due[i]);
      EXPECT_EQ(seen[i], 0);
      EXPECT_LT(now, due[i] + 3 * tick);
      seen[i] = now;
    });
    ASSERT_LT(looks, 10 * due.size());
  }
  for (const std::int64_t at : seen) EXPECT_NE(at, 0);
}

TEST(TimerWheel, CatchesUpAfterAPause) {
  TimerWheel<int> wheel(50);
  wheel.start(0);
  for (int i = 0; i < 100; ++i) wheel.add(i, i * 100);
  int seen = 0;
  wheel.turn(1'000'000, [&](int) { ++seen; });
  EXPECT_EQ(seen, 100);
}

TEST(TimerWheel, HasNothingAfterAStart) {
  TimerWheel<int> wheel(50);
  wheel.start(0);
  wheel.add(1, 100);
  wheel.start(0);
  wheel.turn(1000, [](int) { ADD_FAILURE(); });
}

}  // namespace
}  // namespace duelio::loadgen
