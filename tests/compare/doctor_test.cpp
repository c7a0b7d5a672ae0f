#include "compare/doctor.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace duelio::compare {
namespace {

TEST(Doctor, LatenessIsWhatIsLeftOfAPauseAtARandomMoment) {
  // One pause of 100 in 1000: a moment in a hundred has more than 90 of it before it.
  EXPECT_EQ(lateness({100}, 1000, 0.99), 90);
  EXPECT_EQ(lateness({100}, 1000, 0.9), 0);
  EXPECT_EQ(lateness({}, 1000, 0.5), 0);
  EXPECT_EQ(lateness({5, 100, 7}, 1000, 1), 100);
}

TEST(Doctor, LatenessAgreesWithAskingAtEveryMoment) {
  const std::vector<std::int64_t> pauses{40, 3, 40, 700, 41, 12, 40, 9, 300};
  const std::int64_t total = 10'000;
  std::vector<std::int64_t> late(static_cast<std::size_t>(total), 0);
  std::size_t at = 0;
  for (const std::int64_t pause : pauses) {
    for (std::int64_t left = pause; left > 0; --left) late[at++] = left;
  }
  std::sort(late.begin(), late.end());
  for (const double quantile : {0.9, 0.95, 0.98, 0.99, 0.995, 0.999}) {
    const auto rank = static_cast<std::size_t>(quantile * static_cast<double>(total));
    EXPECT_NEAR(static_cast<double>(lateness(pauses, total, quantile)),
                static_cast<double>(late[rank]), 1.0)
        << quantile;
  }
}

}  // namespace
}  // namespace duelio::compare
