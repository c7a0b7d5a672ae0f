#include "loadgen/search.h"

#include <functional>
#include <stdexcept>

#include <gtest/gtest.h>

namespace duelio::loadgen {
namespace {

const std::function<bool()> never = [] { return false; };

// A server whose latency is its service time over the share of time that it is idle (M/M/1): at
// 100k/s capacity and 10 us, 1 ms is reached at 99 % of capacity. Every `noisy`-th trial is an
// outlier.
struct Simulated {
  double capacity = 100'000;
  int noisy = 0;
  int calls = 0;
  Trial operator()(double rate) {
    ++calls;
    Trial trial;
    trial.achieved = std::min(rate, capacity);
    const double latency_ns = rate < capacity ? 1e4 / (1 - rate / capacity) : 1e9;
    trial.latency_ns = static_cast<std::uint64_t>(latency_ns);
    trial.holds = latency_ns < 1e6;
    if (noisy != 0 && calls % noisy == 0) trial.holds = !trial.holds;
    return trial;
  }
};

TEST(Search, FindsTheRateFromBelowAndFromAbove) {
  for (const double start : {1.0, 700.0, 64'000.0, 99'000.0, 150'000.0, 9e6}) {
    const SearchResult result = find_max_rate(start, Simulated{}, {}, never);
    EXPECT_LE(result.rate, 99'000) << start;
    EXPECT_GE(result.rate, 99'000 / 1.02) << start;
    EXPECT_GT(result.failing_rate, 99'000) << start;
    EXPECT_LE(result.failing_rate, result.rate * 1.02) << start;
    EXPECT_FALSE(result.interrupted);
  }
}

TEST(Search, IsNotMisledByATrialInFour) {
  for (int noisy = 4; noisy < 9; ++noisy) {
    const SearchResult result = find_max_rate(10'000, Simulated{.noisy = noisy}, {}, never);
    EXPECT_NEAR(result.rate, 98'000, 1100) << noisy;
  }
}

TEST(Search, RecordsEveryTrialInItsOrder) {
  Simulated server;
  const auto ask = [&](double rate) { return server(rate); };
  const SearchResult result = find_max_rate(10'000, ask, {}, never);
  EXPECT_EQ(result.trials.size(), static_cast<std::size_t>(server.calls));
  EXPECT_EQ(result.trials.front().rate, 10'000);
  EXPECT_EQ(result.trials[2].rate, 20'000);
}

TEST(Search, KeepsWhatItHasWhenATrialCannotBeRun) {
  Simulated server;
  const SearchResult result = find_max_rate(
      10'000,
      [&](double rate) {
        if (rate > 50'000) throw std::runtime_error("the server is gone");
        return server(rate);
      },
      {}, never);
  EXPECT_EQ(result.rate, 40'000);
  EXPECT_EQ(result.failure, "the server is gone");
  EXPECT_EQ(result.trials.size(), 6U);
  EXPECT_NE(describe(parse_objective("p99<1ms"), result).find("the server is gone"),
            std::string::npos);
}

TEST(Search, SaysWhenNothingHolds) {
  const auto fails = [](double) { return Trial{}; };
  const SearchResult result = find_max_rate(1000, fails, {}, never);
  EXPECT_EQ(result.rate, 0);
  EXPECT_EQ(result.failing_rate, 1);
}

TEST(Search, SaysWhereItStoppedForTooFewRequests) {
  const Objective objective = parse_objective("p99<1ms");
  const auto fails = [](double) { return Trial{}; };
  EXPECT_NE(describe(objective, find_max_rate(1000, fails, {.lowest = 200}, never))
                .find("not at 200/s, below which"),
            std::string::npos);
  EXPECT_EQ(describe(objective, find_max_rate(1000, fails, {}, never)).find("below"),
            std::string::npos);
}

TEST(Search, SaysWhenNothingFails) {
  const auto holds = [](double) { return Trial{.holds = true}; };
  const SearchResult result = find_max_rate(1000, holds, {.highest = 50'000}, never);
  EXPECT_EQ(result.rate, 50'000);
  EXPECT_EQ(result.failing_rate, 0);
}

TEST(Search, SaysWhenTheGeneratorWasTheLimit) {
  const auto run = [](double rate) {
    return Trial{.holds = rate < 5000, .generator_limited = rate >= 5000};
  };
  EXPECT_TRUE(find_max_rate(1000, run, {}, never).generator_limited);
  EXPECT_FALSE(find_max_rate(1000, Simulated{}, {}, never).generator_limited);
}

TEST(Search, KeepsWhatItKnowsWhenItIsStopped) {
  Simulated server;
  const SearchResult result =
      find_max_rate(10'000, std::ref(server), {}, [&] { return server.calls == 6; });
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.trials.size(), 5U);
  EXPECT_EQ(result.rate, 20'000);
}

TEST(Search, TriesNoRateThatSaysTooLittle) {
  const auto lowest = [](const char* objective, std::chrono::nanoseconds duration) {
    return limits_for(parse_objective(objective), duration).lowest;
  };
  EXPECT_DOUBLE_EQ(lowest("p50<1s", std::chrono::milliseconds(100)), 400);
  EXPECT_NEAR(lowest("p99.9<1ms", std::chrono::seconds(10)), 2000, 1e-6);
  EXPECT_EQ(lowest("p50<1s", std::chrono::hours(1)), 1);
  EXPECT_THROW(lowest("p99.9999999<1s", std::chrono::seconds(1)), std::invalid_argument);
}

TEST(Search, ReadsObjectives) {
  const Objective objective = parse_objective("p99.9<250us");
  EXPECT_DOUBLE_EQ(objective.quantile, 0.999);
  EXPECT_EQ(objective.below_ns, 250'000U);
  for (const char* bad : {"", "p99", "99<1ms", "p<1ms", "p100<1ms", "p99<1", "p99<0", "p99>1ms"})
    EXPECT_THROW(parse_objective(bad), std::invalid_argument) << bad;
}

}  // namespace
}  // namespace duelio::loadgen
