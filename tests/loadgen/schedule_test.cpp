#include "loadgen/schedule.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace duelio::loadgen {
namespace {

// Kolmogorov's test: the greatest distance between the gaps' distribution and the exponential one,
// times the square root of their number, exceeds 1.95 in one of a thousand samples. The seeds are
// fixed, so the test is too.
TEST(Schedule, PoissonGapsAreExponential) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    constexpr int count = 20'000;
    constexpr double rate = 5000;
    Schedule schedule(rate, Arrivals::poisson, seed, 0, 1);
    std::vector<double> gaps;
    std::int64_t last = 0;
    for (int i = 0; i < count; ++i) {
      gaps.push_back(static_cast<double>(schedule.next() - last));
      last = schedule.next();
      schedule.advance();
    }
    std::sort(gaps.begin(), gaps.end());
    double distance = 0;
    for (int i = 0; i < count; ++i) {
      const double expected = 1 - std::exp(-gaps[static_cast<std::size_t>(i)] * rate * 1e-9);
      distance = std::max({distance, std::abs(expected - i / double{count}),
                           std::abs(expected - (i + 1) / double{count})});
    }
    EXPECT_LT(distance * std::sqrt(count), 1.95) << seed;
  }
}

TEST(Schedule, ConstantThreadsInterleave) {
  std::vector<std::int64_t> due;
  for (unsigned thread = 0; thread < 4; ++thread) {
    Schedule schedule(1000, Arrivals::constant, 1, thread, 4);
    for (int i = 0; i < 10; ++i, schedule.advance()) due.push_back(schedule.next());
  }
  std::sort(due.begin(), due.end());
  for (std::size_t i = 1; i < due.size(); ++i)
    EXPECT_NEAR(static_cast<double>(due[i] - due[i - 1]), 1e6, 2);
}

TEST(Schedule, ThreadsDifferAndSeedsRepeat) {
  Schedule a(1000, Arrivals::poisson, 1, 0, 2);
  Schedule b(1000, Arrivals::poisson, 1, 1, 2);
  Schedule again(1000, Arrivals::poisson, 1, 0, 2);
  EXPECT_NE(a.next(), b.next());
  EXPECT_EQ(a.next(), again.next());
}

}  // namespace
}  // namespace duelio::loadgen
