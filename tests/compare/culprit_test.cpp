#include "compare/culprit.h"

#include <gmock/gmock.h>

#include "common/thresholds.h"
#include "compare/validity.h"

namespace duelio::compare {
namespace {

using testing::HasSubstr;

results::Window window(std::uint64_t completed, const std::string& kind = "") {
  results::Window window{.load = "max",
                         .entry = "x",
                         .length_s = 0.1,
                         .scheduled = 1000,
                         .completed = completed,
                         .finished = completed};
  if (!kind.empty()) window.failures = {{.kind = kind, .count = 1000 - completed}};
  return window;
}

TEST(Culprit, FailingInTheSameWayAgainAndAgainIsNoAccident) {
  Watch watch;
  for (std::size_t i = 1; i < thresholds::again_and_again; ++i)
    EXPECT_EQ(watch.see(window(900, "timeout")), std::nullopt);
  EXPECT_EQ(watch.see(window(0, "timeout")), "failed in 10 windows one after another: timeout");
}

TEST(Culprit, AGoodWindowOrAnotherFailureBeginsAnew) {
  for (const auto& other : {window(1000), window(0, "reset"), window(995, "timeout")}) {
    Watch watch;
    for (std::size_t i = 1; i < thresholds::again_and_again; ++i) watch.see(window(0, "timeout"));
    EXPECT_EQ(watch.see(other), std::nullopt);
    EXPECT_EQ(watch.see(window(0, "timeout")), std::nullopt);
  }
}

TEST(Culprit, WhatTheMachineDidIsNobodysFault) {
  Watch watch;
  results::Window disturbed = window(0, "timeout");
  disturbed.void_cause = "the generator was late";
  for (std::size_t i = 0; i < 3 * thresholds::again_and_again; ++i)
    EXPECT_EQ(watch.see(disturbed), std::nullopt);
}

TEST(Culprit, ProcessesThatComeAndGoCannotBeMeasured) {
  results::Window forked = window(1000);
  forked.void_cause = unseen_time;
  Watch watch;
  for (std::size_t i = 1; i < thresholds::again_and_again; ++i) watch.see(forked);
  EXPECT_THAT(watch.see(forked).value_or(""), HasSubstr("came or went"));
  EXPECT_THAT(failure_in_calibration({forked, forked}).value_or(""),
              HasSubstr("cannot be measured: processes"));
}

TEST(Culprit, WrongAnswersAreKnownFromTheCalibration) {
  EXPECT_EQ(failure_in_calibration({window(1000), window(1000)}), std::nullopt);
  EXPECT_EQ(failure_in_calibration({window(500, "status"), window(1000)}), std::nullopt);
  EXPECT_EQ(failure_in_calibration({window(0, "body"), window(0, "body")}),
            "gave no right answer in the calibration: body");
  EXPECT_TRUE(shows_nothing(window(0)));
  EXPECT_FALSE(shows_nothing(window(0, "body")));
  EXPECT_FALSE(shows_nothing(window(1)));
  EXPECT_EQ(failure_in_calibration({window(0), window(0)}),
            "gave no right answer in the calibration");
  EXPECT_EQ(failure_in_calibration({window(500, "status"), window(900, "status")}),
            "answered 1400 of 2000 requests as it should in the calibration: status");
}

TEST(Culprit, ALoadBeyondReachIsKnownFromTheCalibration) {
  const results::Plan plan{
      .loads = {{.id = "5k", .rate = 5000}, {.id = "20k", .rate = 20'000}, {.id = "max"}}};
  std::vector<results::Window> windows{window(900), window(1000)};  // 10 k/s
  const auto out = beyond_reach(plan, "x", windows);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out.front().load, "20k");
  EXPECT_EQ(out.front().why, "reached 10.0 k/s at most in the calibration");
  EXPECT_TRUE(is_left_out(out, "x", "20k"));
  EXPECT_FALSE(is_left_out(out, "x", "5k"));
  EXPECT_FALSE(is_left_out(out, "x"));
  windows.front().generator_share = 1;  // who knows what it could do
  EXPECT_TRUE(beyond_reach(plan, "x", windows).empty());
}

}  // namespace
}  // namespace duelio::compare
