#include "compare/costs.h"

#include <vector>

#include <gtest/gtest.h>

#include "common/os/cpu.h"

namespace duelio::compare {
namespace {

TEST(Costs, AreMeasuredWithoutPinningWhoAsks) {
  const std::vector<int> before = os::allowed_cpus();
  const results::Costs costs = measure_costs(before.front(), before.back());
  for (const double cost : {costs.system_call_ns, costs.context_switch_ns, costs.wake_up_ns,
                            costs.round_trip_ns, costs.copy_ns, costs.io_uring_ns.value_or(1)})
    EXPECT_GT(cost, 0);
  EXPECT_EQ(os::allowed_cpus(), before);
}

}  // namespace
}  // namespace duelio::compare
