#include "results/statistics.h"

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace duelio::stats {
namespace {

TEST(Median, TakesTheMiddleOrTheMeanOfTwo) {
  EXPECT_DOUBLE_EQ(median(std::array{5.0, 1.0, 3.0}), 3);
  EXPECT_DOUBLE_EQ(median(std::array{5.0, 1.0, 3.0, 4.0}), 3.5);
}

TEST(Quantile, LiesBetweenItsNeighbours) {
  const std::array values{4.0, 1.0, 3.0, 2.0, 5.0};
  EXPECT_DOUBLE_EQ(quantile(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(values, 0.25), 2);
  EXPECT_DOUBLE_EQ(quantile(values, 0.6), 3.4);
  EXPECT_DOUBLE_EQ(quantile(values, 1), 5);
}

TEST(HodgesLehmann, IsTheMedianOfWalshAverages) {
  EXPECT_DOUBLE_EQ(hodges_lehmann(std::array{1.0, 2.0, 10.0}), 3.75);  // 1, 1.5, 2, 5.5, 6, 10
  EXPECT_DOUBLE_EQ(hodges_lehmann(std::array{5.0}), 5);
}

TEST(Student, AgreesWithThePublishedTable) {
  struct Row {
    double degrees, upper_5_percent, upper_2_5, upper_0_5, upper_0_05;
  };
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, and the usual textbook table.
  for (const Row& row :
       {Row{1, 6.314, 12.706, 63.657, 636.619}, Row{2, 2.920, 4.303, 9.925, 31.599},
        Row{5, 2.015, 2.571, 4.032, 6.869}, Row{11, 1.796, 2.201, 3.106, 4.437},
        Row{30, 1.697, 2.042, 2.750, 3.646}, Row{60, 1.671, 2.000, 2.660, 3.460},
        Row{120, 1.658, 1.980, 2.617, 3.373}}) {
    EXPECT_NEAR(student_quantile(0.95, row.degrees), row.upper_5_percent, 0.0005) << row.degrees;
    EXPECT_NEAR(student_quantile(0.975, row.degrees), row.upper_2_5, 0.0005) << row.degrees;
    EXPECT_NEAR(student_quantile(0.995, row.degrees), row.upper_0_5, 0.0005) << row.degrees;
    EXPECT_NEAR(student_quantile(0.9995, row.degrees), row.upper_0_05, 0.0005) << row.degrees;
  }
  EXPECT_NEAR(student_quantile(0.975, 1e7), 1.959964, 1e-5);  // the normal distribution
}

TEST(Student, CdfAndQuantileUndoEachOther) {
  for (const double degrees : {1.0, 2.5, 7.3, 39.0, 400.0}) {
    for (const double probability : {1e-6, 1e-4, 0.01, 0.3, 0.5, 0.7, 0.999}) {
      EXPECT_NEAR(student_cdf(student_quantile(probability, degrees), degrees), probability,
                  1e-9 * probability + 1e-12)
          << degrees << ' ' << probability;
    }
  }
  EXPECT_NEAR(student_cdf(1, 1), 0.75, 1e-12);  // Cauchy
}

TEST(MeanInterval, IsStudentsOwnExample) {
  // Student (1908), the additional hours of sleep by the two drugs: t = 4.0621, 9 degrees.
  // In an order in which neighbours do not resemble each other.
  const std::array differences{4.6, 0.0, 2.4, 0.8, 1.8, 1.0, 1.4, 1.2, 1.3, 1.3};
  const auto interval = mean_interval(differences, 0.05);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, 0.7001, 1e-4);
  EXPECT_NEAR(interval->high, 2.4599, 1e-4);
  EXPECT_FALSE(mean_interval(std::span(differences).first(1), 0.05));
}

TEST(MeanInterval, IsWiderWhereNeighboursResembleEachOther) {
  const std::array strangers{1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0};
  const std::array neighbours{1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0};
  const auto reach = [](const auto& values) { return mean_interval(values, 0.05)->high; };
  // Products of neighbours: 5 at the first lag, 2 at the second, -1 at the third; their weights are
  // 3/4, 2/4 and 1/4. So 8 squares count as 8 + 2 * 4.5.
  EXPECT_NEAR(reach(neighbours) / reach(strangers), std::sqrt(17.0 / 8), 1e-12);
}

TEST(DifferenceInterval, IsWelchs) {
  // The same data, unpaired: t = 1.8608 at 17.776 degrees, p = 0.0794 (as R's t.test).
  const std::array first{3.7, -1.6, 2.0, -0.2, 3.4, -1.2, 0.8, -0.1, 0.7, 0.0};
  const std::array second{5.5, -0.1, 4.4, 0.1, 3.4, 0.8, 4.6, 1.1, 1.9, 1.6};
  const auto interval = difference_interval(first, second, 0.05);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, -0.2055, 1e-4);
  EXPECT_NEAR(interval->high, 3.3655, 1e-4);
  EXPECT_FALSE(difference_interval(first, std::span(second).first(1), 0.05));
}

TEST(LagCorrelation, TellsASeriesThatResemblesItself) {
  EXPECT_DOUBLE_EQ(lag_correlation(std::array{1.0, 1.0, 1.0}), 0);
  EXPECT_LT(lag_correlation(std::array{1.0, -1.0, 1.0, -1.0, 1.0, -1.0}), -0.7);
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  std::vector<double> values;
  double value = 0;
  for (int i = 0; i < 10'000; ++i) values.push_back(value = 0.5 * value + normal(random));
  EXPECT_NEAR(lag_correlation(values), 0.5, 0.03);
}

}  // namespace
}  // namespace duelio::stats
