#include "results/statistics.h"

#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace duelio::stats {
namespace {

TEST(SignedRank, AgreesWithPublishedCriticalValues) {
  // Two-sided 5 %: the largest T that is significant (Wilcoxon and Wilcox, 1964, table 2).
  constexpr std::array<std::pair<std::size_t, std::size_t>, 18> table{{{6, 0},
                                                                       {7, 2},
                                                                       {8, 3},
                                                                       {9, 5},
                                                                       {10, 8},
                                                                       {11, 10},
                                                                       {12, 13},
                                                                       {13, 17},
                                                                       {14, 21},
                                                                       {15, 25},
                                                                       {16, 29},
                                                                       {17, 34},
                                                                       {18, 40},
                                                                       {19, 46},
                                                                       {20, 52},
                                                                       {21, 58},
                                                                       {22, 65},
                                                                       {25, 89}}};
  for (const auto& [n, critical] : table) {
    EXPECT_LE(signed_rank_cdf(n, critical), 0.025) << n;
    EXPECT_GT(signed_rank_cdf(n, critical + 1), 0.025) << n;
  }
}

TEST(SignedRank, CountsSubsetsExactly) {
  EXPECT_DOUBLE_EQ(signed_rank_cdf(3, 0), 1.0 / 8);
  EXPECT_DOUBLE_EQ(signed_rank_cdf(3, 3), 5.0 / 8);  // {}, {1}, {2}, {3}, {1,2}
  EXPECT_DOUBLE_EQ(signed_rank_cdf(3, 6), 1);
}

TEST(SignedRank, GivesTheTextbookPValue) {
  // Hollander, Wolfe and Chicken, example 3.1 (depression before and after treatment): T+ = 5, n =
  // 9, P(T >= 40) = .020.
  const std::array differences{-0.952, 0.147,  -1.022, -0.430, -0.620,
                               -0.590, -0.490, 0.080,  -0.010};
  EXPECT_NEAR(signed_rank_p(differences), 2 * 0.0195, 0.001);
}

TEST(HodgesLehmann, IsTheMedianOfWalshAverages) {
  EXPECT_DOUBLE_EQ(hodges_lehmann(std::array{1.0, 2.0, 10.0}), 3.75);  // 1, 1.5, 2, 5.5, 6, 10
  EXPECT_DOUBLE_EQ(hodges_lehmann(std::array{5.0}), 5);
}

TEST(SignedRankInterval, NeedsEnoughRounds) {
  const std::array values{1.0, 2.0, 3.0, 4.0, 5.0, 6.0};
  EXPECT_FALSE(signed_rank_interval(std::span(values).first(5), 0.05));
  ASSERT_TRUE(signed_rank_interval(values, 0.05));
  EXPECT_DOUBLE_EQ(signed_rank_interval(values, 0.05)->low, 1);
  EXPECT_DOUBLE_EQ(signed_rank_interval(values, 0.05)->high, 6);
  EXPECT_EQ(smallest_n(0.05), 6U);
}

// 10,000 seeded sets for each size; heavy tails (Student's t, 3 degrees of freedom), for rounds are
// not normal.
TEST(SignedRankInterval, CoversTheTruthAsOftenAsItSays) {
  constexpr int sets = 10'000;
  for (const std::size_t n : {std::size_t{10}, std::size_t{20}, std::size_t{40}}) {
    std::mt19937_64 random(n);
    std::student_t_distribution<double> noise(3);
    std::vector<double> values(n);
    int covered = 0;
    for (int i = 0; i < sets; ++i) {
      for (double& value : values) value = 0.05 + 0.02 * noise(random);
      covered += signed_rank_interval(values, 0.05)->contains(0.05) ? 1 : 0;
    }
    EXPECT_GE(covered, 0.93 * sets) << n;
    EXPECT_LE(covered, 0.97 * sets) << n;
    RecordProperty("covered_" + std::to_string(n), covered);
  }
}

// How often noise alone is called a difference by somebody who looks at these numbers of rounds.
double false_alarms(const std::vector<std::size_t>& looks, double alpha) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise;
  constexpr int runs = 1000;
  int alarms = 0;
  for (int run = 0; run < runs; ++run) {
    std::vector<double> values;
    for (const std::size_t look : looks) {
      while (values.size() < look) values.push_back(noise(random));
      const auto interval = signed_rank_interval(values, alpha);
      if (!interval || interval->contains(0)) continue;
      ++alarms;
      break;
    }
  }
  return static_cast<double>(alarms) / runs;
}

// METHODOLOGY.md quotes these.
TEST(SignedRankInterval, LookingOftenTurnsNoiseIntoFindings) {
  std::vector<std::size_t> every_second;
  for (std::size_t n = 10; n <= 40; n += 2) every_second.push_back(n);
  const double peeking = false_alarms(every_second, 0.05);
  const double three_looks = false_alarms({20, 40, 80}, 0.05 / 3);
  RecordProperty("peeking", std::to_string(peeking));
  RecordProperty("three_looks", std::to_string(three_looks));
  EXPECT_GT(peeking, 0.12);
  EXPECT_LE(three_looks, 0.05);
}

TEST(RankSum, AgreesWithPublishedCriticalValues) {
  // Two-sided 5 %: the largest U that is significant (Mann and Whitney, 1947; the usual textbook
  // table).
  struct Row {
    std::size_t n, m, critical;
  };
  for (const auto& [n, m, critical] :
       {Row{4, 4, 0}, Row{5, 5, 2}, Row{6, 7, 6}, Row{8, 8, 13}, Row{10, 10, 23}, Row{10, 20, 55},
        Row{15, 15, 64}, Row{20, 20, 127}}) {
    EXPECT_LE(rank_sum_cdf(n, m, critical), 0.025) << n << ' ' << m;
    EXPECT_GT(rank_sum_cdf(n, m, critical + 1), 0.025) << n << ' ' << m;
  }
}

TEST(RankSum, IntervalHoldsTheShift) {
  const std::array first{1.0, 2.0, 3.0, 4.0, 5.0, 6.0};
  const std::array second{11.0, 12.0, 13.0, 14.0, 15.0, 16.0};
  EXPECT_DOUBLE_EQ(rank_sum_shift(first, second), 10);
  ASSERT_TRUE(rank_sum_interval(first, second, 0.05));
  EXPECT_TRUE(rank_sum_interval(first, second, 0.05)->contains(10));
  EXPECT_FALSE(rank_sum_interval(std::span(first).first(2), second, 0.01));
}

TEST(Drift, FollowsTheOrder) {
  EXPECT_DOUBLE_EQ(drift(std::array{1.0, 2.0, 3.0, 4.0}), 1);
  EXPECT_DOUBLE_EQ(drift(std::array{4.0, 3.0, 2.0, 1.0}), -1);
  EXPECT_DOUBLE_EQ(drift(std::array{1.0, 1.0, 1.0}), 0);
}

}  // namespace
}  // namespace duelio::stats
