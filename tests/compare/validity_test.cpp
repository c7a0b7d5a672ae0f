#include "compare/validity.h"

#include <gmock/gmock.h>

#include "common/thresholds.h"

namespace duelio::compare {
namespace {

const results::Load open{.id = "20k", .rate = 20'000};
const results::Load closed{.id = "max"};

struct Disturbance {
  const char* cause;
  double threshold;
  void (*inject)(results::Window& window, double value);
};

class Disturbed : public testing::TestWithParam<Disturbance> {
 protected:
  static results::Window window_with(double value) {
    results::Window window{.generator_share = 0.5, .server_delay = 0.01, .p50_ns = 1};
    GetParam().inject(window, value);
    return window;
  }
};

TEST_P(Disturbed, WindowsOfTheOpenLoopAreVoidBeyondTheThreshold) {
  const double threshold = GetParam().threshold;
  EXPECT_EQ(void_cause(window_with(threshold), open), std::nullopt);
  EXPECT_EQ(void_cause(window_with(threshold * 1.001), open), GetParam().cause);
}

TEST_P(Disturbed, WindowsOfTheClosedLoopCount) {
  EXPECT_EQ(void_cause(window_with(1000), closed), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    All, Disturbed,
    testing::Values(
        Disturbance{"the generator was busy all the time", thresholds::generator_busy,
                    [](results::Window& window, double value) { window.generator_share = value; }},
        Disturbance{"the generator waited for a CPU", thresholds::generator_delay,
                    [](results::Window& window, double value) { window.generator_delay = value; }},
        Disturbance{"another process was on the server's CPU", thresholds::server_delay,
                    [](results::Window& window, double value) { window.server_delay = value; }},
        Disturbance{"the generator's threads did not measure the same time",
                    thresholds::generator_apart,
                    [](results::Window& window, double value) { window.generator_apart = value; }},
        Disturbance{"the generator was late", thresholds::generator_lag,
                    [](results::Window& window, double value) {
                      window.dispatch_lag_p50_ns = value * window.p50_ns;
                    }}));

TEST(Validity, AnEntryWhoseThreadsWaitForEachOtherIsNotBlamedOnOthers) {
  EXPECT_EQ(void_cause({.server_delay = std::nullopt, .p50_ns = 1}, open), std::nullopt);
}

TEST(Validity, WhatTheEntryDidIsAResult) {
  const results::Window window{.scheduled = 500,
                               .completed = 0,
                               .p50_ns = 1,
                               .failures = {{.kind = "reset", .error = 104, .count = 500}}};
  EXPECT_EQ(void_cause(window, open), std::nullopt);
}

}  // namespace
}  // namespace duelio::compare
