#include "compare/merge.h"

#include <set>

#include <gmock/gmock.h>

#include "compare/validity.h"

namespace duelio::compare {
namespace {

constexpr std::int64_t ms = 1'000'000;

GeneratorPart part(std::int64_t begin_ns, std::int64_t end_ns, WindowReport report = {}) {
  return {.report = std::move(report), .edges = {begin_ns, end_ns}};
}

TEST(Merge, OfOneGeneratorIsWhatItSaid) {
  WindowReport report{.scheduled = 9, .completed = 8, .finished = 7, .generator_share = 0.5};
  report.latency.record(1000);
  const MergedWindow merged =
      merge({part(10 * ms, 20 * ms, report)}, {.edges = {10 * ms, 20 * ms}, .cpu_ns = 50}, 0);
  EXPECT_DOUBLE_EQ(merged.report.length_s, 0.01);
  EXPECT_EQ(merged.report.scheduled, 9U);
  EXPECT_EQ(merged.report.completed, 8U);
  EXPECT_EQ(merged.report.finished, 7U);
  EXPECT_EQ(merged.report.server_cpu_ns, 50);
  EXPECT_EQ(merged.report.latency.count(), 1U);
  EXPECT_EQ(merged.across.start_skew_ns, 0);
  EXPECT_DOUBLE_EQ(merged.report.edges_apart_s.value(), 0);
}

// Of 10 ms each two generators share 8, and the server was watched for 16.
TEST(Merge, CountsWhatFellIntoTheCommonTime) {
  const MergedWindow merged = merge({part(0, 10 * ms, {.completed = 100, .finished = 100}),
                                     part(2 * ms, 12 * ms, {.completed = 200, .finished = 200})},
                                    {.edges = {0, 16 * ms}, .cpu_ns = 1600}, 0);
  EXPECT_DOUBLE_EQ(merged.report.length_s, 0.008);
  EXPECT_EQ(merged.report.finished, 240U);
  EXPECT_EQ(merged.report.server_cpu_ns, 800);
  EXPECT_EQ(merged.report.completed, 300U);  // books of requests are whole
  EXPECT_EQ(merged.across.start_skew_ns, 2 * ms);
  EXPECT_DOUBLE_EQ(merged.report.edges_apart_s.value(), 0.006);  // of the ends
}

TEST(Merge, TakesWhatClocksMayBeOffForApart) {
  const MergedWindow merged = merge({part(0, 10 * ms)}, {.edges = {0, 10 * ms}}, ms / 10);
  EXPECT_EQ(merged.across.clock_bound_ns, ms / 10);
  EXPECT_DOUBLE_EQ(merged.report.edges_apart_s.value(), 200e-6);
}

TEST(Merge, HasTheQuantilesOfAllRequests) {
  std::vector<GeneratorPart> parts{part(0, ms), part(0, ms), part(0, ms)};
  Histogram pooled;
  for (std::int64_t i = 1; i <= 3000; ++i) {
    const std::int64_t latency = i * i * 10;
    parts[static_cast<std::size_t>(i % 7 == 0 ? 0 : i % 2 + 1)].report.latency.record(latency);
    pooled.record(latency);
  }
  const MergedWindow merged = merge(parts, {.edges = {0, ms}}, 0);
  for (const double quantile : {0.5, 0.9, 0.99, 0.999})
    EXPECT_EQ(merged.report.latency.quantile(quantile), pooled.quantile(quantile));
  EXPECT_EQ(merged.report.latency.to_json(), pooled.to_json());
}

TEST(Merge, AddsFailuresAndKeepsTheWorstGenerator) {
  const MergedWindow merged =
      merge({part(0, ms,
                  {.generator_share = 0.9,
                   .dispatch_lag_p50_ns = 5,
                   .failures = {{.kind = "reset", .error = 104, .count = 2}}}),
             part(0, ms,
                  {.generator_share = 0.2,
                   .dispatch_lag_p50_ns = 7,
                   .failures = {{.kind = "timeout", .count = 1},
                                {.kind = "reset", .error = 104, .count = 3}}})},
            {.edges = {0, ms}}, 0);
  EXPECT_EQ(merged.report.generator_share, 0.9);
  EXPECT_EQ(merged.report.dispatch_lag_p50_ns, 7);
  ASSERT_EQ(merged.report.failures.size(), 2U);
  EXPECT_EQ(merged.report.failures[0].count, 5U);
  EXPECT_EQ(merged.report.failures[1].kind, "timeout");
}

TEST(Merge, OfTimesThatDoNotMeetIsVoid) {
  const MergedWindow merged = merge({part(0, ms), part(5 * ms, 6 * ms)}, {.edges = {0, ms}}, 0);
  EXPECT_GT(merged.report.length_s, 0);
  const results::Window window{
      .generator_apart = *merged.report.edges_apart_s / merged.report.length_s,
      .across = merged.across};
  EXPECT_EQ(void_cause(window, {.id = "max"}), "the hosts did not measure the same time");
}

TEST(Merge, OfAHostThatWasToldLateIsVoid) {
  results::Window window{.length_s = 0.01,
                         .across = results::AcrossHosts{.late_ns = ms / 2 - 1000}};
  EXPECT_EQ(void_cause(window, {.id = "max"}), std::nullopt);
  window.across->late_ns = ms / 2 + 1000;
  EXPECT_EQ(void_cause(window, {.id = "max"}), "a host was told of the window too late");
}

TEST(Seeds, OfTheFirstGeneratorAreTheWindowsAndOfOthersTheirOwn) {
  std::set<std::uint64_t> all;
  for (std::uint64_t window = 0; window < 100; ++window) {
    EXPECT_EQ(seed_of(window, 0), window);
    for (std::size_t generator = 0; generator < 8; ++generator)
      all.insert(seed_of(window, generator));
  }
  EXPECT_GE(all.size(), 799U);
  EXPECT_LE(*all.rbegin(), 0xffffffffU);
}

}  // namespace
}  // namespace duelio::compare
