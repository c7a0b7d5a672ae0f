#include "common/histogram.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace duelio {
namespace {

TEST(Histogram, IsExactForSmallValues) {
  Histogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.record(i);
  EXPECT_EQ(histogram.count(), 1000U);
  EXPECT_EQ(histogram.min(), 1U);
  EXPECT_EQ(histogram.max(), 1000U);
  EXPECT_DOUBLE_EQ(histogram.mean(), 500.5);
  EXPECT_EQ(histogram.quantile(0), 1U);
  EXPECT_EQ(histogram.quantile(0.5), 500U);
  EXPECT_EQ(histogram.quantile(0.99), 990U);
  EXPECT_EQ(histogram.quantile(1), 1000U);
}

TEST(Histogram, ErrsByLessThanOneInAThousandAgainstSortedSamples) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> latency(11, 1.5);  // around 60 us, with a long tail
  Histogram histogram;
  std::vector<double> samples;
  for (int i = 0; i < 100'000; ++i) {
    const auto value = static_cast<std::int64_t>(latency(random));
    histogram.record(value);
    samples.push_back(static_cast<double>(value));
  }
  std::sort(samples.begin(), samples.end());
  for (const double q : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
    const double exact = samples[static_cast<std::size_t>(std::ceil(q * 100'000)) - 1];
    EXPECT_NEAR(static_cast<double>(histogram.quantile(q)), exact, exact * 0.001) << q;
  }
}

TEST(Histogram, MergesExactly) {
  Histogram all;
  Histogram left;
  Histogram right;
  std::mt19937_64 random(2);
  for (int i = 0; i < 10'000; ++i) {
    const auto value = static_cast<std::int64_t>(random() >> (24 + random() % 38));
    all.record(value);
    (i % 3 == 0 ? left : right).record(value);
  }
  left.add(right);
  EXPECT_EQ(left.to_json(), all.to_json());
}

TEST(Histogram, ClipsWhatIsOutOfRange) {
  Histogram histogram;
  histogram.record(-5);
  histogram.record(INT64_MAX);
  EXPECT_EQ(histogram.min(), 0U);
  EXPECT_EQ(histogram.max(), Histogram::max_value);
}

TEST(Histogram, KnowsWhichQuantilesItSupports) {
  Histogram histogram;
  for (int i = 0; i < 1000; ++i) histogram.record(i);
  EXPECT_TRUE(histogram.supports(0.99));
  EXPECT_FALSE(histogram.supports(0.999));
}

TEST(Histogram, SurvivesJson) {
  Histogram histogram;
  for (const int value : {1, 1, 5000, 123456789}) histogram.record(value);
  const Histogram copy = Histogram::from_json(histogram.to_json());
  EXPECT_EQ(copy.to_json(), histogram.to_json());
  EXPECT_EQ(Histogram::from_json(Histogram().to_json()).count(), 0U);
  for (const char* text :
       {"{}", "[]", "null", R"({"count":1,"sum":0,"min":0,"max":0,"buckets":[]})",
        R"({"count":1,"sum":0,"min":0,"max":0,"buckets":[[99999999,1]]})",
        R"({"count":1,"sum":1,"min":2,"max":9,"buckets":[[1,1]]})",
        R"({"count":1,"sum":9,"min":2,"max":8,"buckets":[[9,1]]})",
        R"({"count":1,"sum":9,"min":2,"max":9000000000000000000,"buckets":[[9,1]]})"}) {
    EXPECT_THROW(Histogram::from_json(boost::json::parse(text)), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace duelio
