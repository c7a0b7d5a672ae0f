#include "compare/generator.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include "compare/probe.h"

namespace duelio::compare {
namespace {

// A window of the open loop, with what each of the generator's threads says.
WindowReport report_with(const std::string& threads) {
  const std::string line =
      R"({"length_ns": 10000000, "completed": 7, "counts": {"scheduled": 9, "sent": 9, "completed": 8},
          "dispatch_lag_ns": {"p50": 900}, "errors": [], "latency_ns": null,
          "server": {"processes": [{"pid": 1, "cpu_ns": 50}, {"pid": 2, "cpu_ns": null}]},
          "threads": )" +
      threads + "}";
  return report_of(boost::json::parse(line).as_object(), {.rate = 1000});
}

TEST(WindowReport, IsWhatTheLineSays) {
  const WindowReport report = report_with(R"([{"cpu_ns": 1, "busy": 0.25}])");
  EXPECT_DOUBLE_EQ(report.length_s, 0.01);
  EXPECT_EQ(report.scheduled, 9U);
  EXPECT_EQ(report.completed, 8U);
  EXPECT_EQ(report.finished, 7U);
  EXPECT_EQ(report.server_cpu_ns, 50);
  EXPECT_EQ(report.lost_processes, 1U);
  EXPECT_EQ(report.generator_share, 0.25);
  EXPECT_EQ(report.dispatch_lag_p50_ns, 900);
  EXPECT_EQ(report.edges_apart_s, std::nullopt);
}

TEST(WindowReport, HasTheVerdictOfTheWorstThread) {
  const WindowReport report = report_with(
      R"([{"busy": 0.5, "edges_apart_ns": 0, "dispatch_lag_p50_ns": 2000},
          {"busy": 0.9, "edges_apart_ns": 30000, "dispatch_lag_p50_ns": null},
          {"busy": 0.1, "edges_apart_ns": 20000, "dispatch_lag_p50_ns": 100}])");
  EXPECT_EQ(report.generator_share, 0.9);
  EXPECT_EQ(report.dispatch_lag_p50_ns, 2000);
  EXPECT_DOUBLE_EQ(report.edges_apart_s.value(), 30e-6);
}

TEST(WindowReport, AThreadWithoutAWindowWasAsFarAwayAsCanBe) {
  const WindowReport report = report_with(
      R"([{"busy": 0.5, "edges_apart_ns": 0, "dispatch_lag_p50_ns": 100},
          {"busy": 0, "edges_apart_ns": null, "dispatch_lag_p50_ns": null}])");
  EXPECT_DOUBLE_EQ(report.edges_apart_s.value(), report.length_s);
}

TEST(ThreadTimes, TheThreadThatWaitedLongestCounts) {
  const std::vector<ThreadTimes> before{{.id = 1, .delay_ns = 100}, {.id = 2, .delay_ns = 5}};
  EXPECT_EQ(longest_delay_ns(before, before), 0);
  EXPECT_EQ(longest_delay_ns(before, {{.id = 2, .delay_ns = 35}, {.id = 1, .delay_ns = 110}}), 30);
  EXPECT_EQ(longest_delay_ns(before, {{.id = 1, .delay_ns = 110}, {.id = 3, .delay_ns = 40}}), 40);
}

}  // namespace
}  // namespace duelio::compare
