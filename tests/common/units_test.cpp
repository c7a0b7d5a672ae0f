#include "common/units.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace duelio {
namespace {

using std::chrono::nanoseconds;

TEST(Units, DurationsNeedAKnownUnit) {
  EXPECT_EQ(parse_duration("10s"), nanoseconds(10'000'000'000));
  EXPECT_EQ(parse_duration("1.5ms"), nanoseconds(1'500'000));
  EXPECT_EQ(parse_duration("250us"), nanoseconds(250'000));
  EXPECT_EQ(parse_duration("2m"), nanoseconds(120'000'000'000));
  EXPECT_EQ(parse_duration("0"), nanoseconds(0));
  for (const char* text : {"", "s", "10", "10x", "-1s", "+1s", "1e3s", "1 s", "nan", "infs",
                           "1..5s", "999999999999h"}) {
    EXPECT_THROW(parse_duration(text), std::invalid_argument) << text;
  }
}

TEST(Units, CountsAreWhole) {
  EXPECT_EQ(parse_count("64"), 64U);
  EXPECT_EQ(parse_count("20k"), 20'000U);
  EXPECT_EQ(parse_count("1.5M"), 1'500'000U);
  for (const char* text : {"1.5", "20K", "-3", "1e6", "99999999999G"}) {
    EXPECT_THROW(parse_count(text), std::invalid_argument) << text;
  }
}

TEST(Units, RatesMayBeFractional) {
  EXPECT_DOUBLE_EQ(parse_rate("0.5"), 0.5);
  EXPECT_DOUBLE_EQ(parse_rate("20k"), 20'000);
}

TEST(Units, BytesKnowBinaryAndDecimalMultiples) {
  EXPECT_EQ(parse_bytes("512"), 512U);
  EXPECT_EQ(parse_bytes("64KiB"), 65'536U);
  EXPECT_EQ(parse_bytes("64kB"), 64'000U);
  EXPECT_EQ(parse_bytes("1GiB"), 1'073'741'824U);
  for (const char* text : {"64K", "64kib", "0.3B"}) {
    EXPECT_THROW(parse_bytes(text), std::invalid_argument) << text;
  }
}

TEST(Units, FractionsArePercentOrPlain) {
  EXPECT_DOUBLE_EQ(parse_fraction("5%"), 0.05);
  EXPECT_DOUBLE_EQ(parse_fraction("0.05"), 0.05);
  EXPECT_THROW(parse_fraction("150%"), std::invalid_argument);
}

TEST(Units, CpuListsAreSortedAndUnique) {
  EXPECT_EQ(parse_cpu_list("3,0-2,1"), (std::vector<int>{0, 1, 2, 3}));
  for (const char* text : {"", ",", "0,", "a", "-1", "3-1", "0-", "0-99999999"}) {
    EXPECT_THROW(parse_cpu_list(text), std::invalid_argument) << text;
  }
}

TEST(Units, FormatsThreeDigits) {
  EXPECT_EQ(format_duration(0), "0 s");
  EXPECT_EQ(format_duration(1.2345e-3), "1.23 ms");
  EXPECT_EQ(format_duration(0.99996e-3), "1.00 ms");
  EXPECT_EQ(format_duration(12.34), "12.3 s");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(152'340), "152 k");
  EXPECT_EQ(format_bytes(1'572'864), "1.50 MiB");
  EXPECT_EQ(format_percent(0.1234), "12.3 %");
}

TEST(Units, ErrorsNameTheUnitsThatExist) {
  try {
    parse_duration("10x");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "has unknown unit 'x' (use ns, us, ms, s, m or h)");
  }
}

}  // namespace
}  // namespace duelio
