#include "results/likeness.h"

#include <functional>

#include <gtest/gtest.h>

#include "tests/results/synthetic.h"

namespace duelio::results {
namespace {

using Lines = std::vector<std::string>;

const Run& first() {
  static const Run run = test::synthetic_run({.blocks = 0});
  return run;
}

Lines unlike(Figures figures, const std::function<void(Manifest&)>& change) {
  results::Run second = first();
  change(second.manifest);
  return differences(first(), second, figures);
}

TEST(Likeness, NamesEachFieldThatHasToBeShared) {
  EXPECT_EQ(unlike(Figures::values,
                   [](Manifest& manifest) {
                     manifest.machine.cpus = 4;
                     manifest.machine.governor = "performance";
                     manifest.build.flags = "-O0";
                     manifest.plan.server_cpus = {2};
                     manifest.plan.loads.pop_back();
                     manifest.entries[1].handler_cpu_ns = 1000;
                     manifest.entries[1].threads = 2;
                   }),
            (Lines{"plan loads: 10%, 50%, max and 10%, 50%", "plan server_cpus: [0] and [2]",
                   "machine cpus: 2 and 4", "machine governor: none and performance",
                   "build flags: -O3 and -O0", "entry candidate threads: 1 and 2",
                   "entry candidate handler_cpu_ns: 0 and 1000"}));
}

TEST(Likeness, DetailsThatAnOlderFileDoesNotHaveAreNoDifference) {
  const auto with_guest = [](const char* guest) {
    results::Run run = first();
    run.manifest.machine.details.emplace().guest = guest;
    return run;
  };
  EXPECT_EQ(differences(first(), with_guest("a"), Figures::values), Lines{});
  EXPECT_EQ(differences(with_guest("a"), first(), Figures::values), Lines{});
  EXPECT_EQ(differences(with_guest("a"), with_guest("a"), Figures::values), Lines{});
  EXPECT_EQ(differences(with_guest("a"), with_guest("b"), Figures::values),
            Lines{"machine details guest: a and b"});
}

TEST(Likeness, ASeriesMayVaryTheLoadAndNothingElse) {
  const auto vary = [](Manifest& manifest) {
    manifest.plan.connections = 7;
    manifest.plan.loads = {{"20k", 20'000.0}};
    manifest.plan.window_s = 0.1;
    manifest.entries[1].handler_cpu_ns = 1000;
  };
  EXPECT_EQ(unlike(Figures::ratios, vary), Lines{});
  EXPECT_EQ(unlike(Figures::values, vary).size(), 4U);
  EXPECT_EQ(unlike(Figures::ratios, [](Manifest& manifest) { manifest.reference = "candidate"; }),
            Lines{"reference: reference and candidate"});
  EXPECT_EQ(unlike(Figures::ratios, [](Manifest& manifest) { manifest.plan.network = "unix"; }),
            Lines{"plan network: none and unix"});
}

TEST(Likeness, RunsOnHostsAreLikeThoseOnAsManyHostsThatAreAsFarApart) {
  const auto on_hosts = [](unsigned generators, bool one_kernel) {
    return [=](Manifest& manifest) {
      manifest.plan.network = "hosts";
      manifest.hosts = HostsUsed{
          .server = 1, .clients = {2}, .generators = generators, .one_kernel = one_kernel};
    };
  };
  EXPECT_EQ(unlike(Figures::ratios, on_hosts(1, false)), Lines{"plan network: none and hosts"});
  results::Run one = first();
  on_hosts(1, false)(one.manifest);
  results::Run other = one;
  other.manifest.hosts->clients = {3};
  other.manifest.hosts->clocks = {{.host = 3, .offset_ns = 5, .bound_ns = 1}};
  EXPECT_EQ(differences(one, other, Figures::ratios), Lines{});
  on_hosts(2, true)(other.manifest);
  EXPECT_EQ(differences(one, other, Figures::ratios),
            (Lines{"hosts generators: 1 and 2", "hosts one_kernel: false and true"}));
}

TEST(Likeness, TheRevisionTheDayAndTheCalibrationMayDiffer) {
  EXPECT_EQ(unlike(Figures::values,
                   [](Manifest& manifest) {
                     manifest.build.revision = "def";
                     manifest.started = "2027-01-01T00:00:00Z";
                     manifest.calibration.clear();
                     manifest.plan.loads[0].rate = 5000;
                     manifest.plan.blocks = 40;
                     manifest.entries.push_back({.name = "another", .kind = "backend"});
                   }),
            Lines{});
}

}  // namespace
}  // namespace duelio::results
