#include "compare/options.h"

#include <gmock/gmock.h>

#include "compare/plan.h"

namespace duelio::compare {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Options> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "duelio-compare");
  return parse_options(static_cast<int>(words.size()), words.data());
}

TEST(CompareOptions, ComparesTheThreeModelsUnlessTold) {
  const auto cells = parse({});
  ASSERT_EQ(cells.size(), 1U);
  const Options& options = cells.front();
  std::vector<std::string> names;
  for (const Entry& entry : options.entries) names.push_back(entry.name);
  EXPECT_THAT(names, ElementsAre("epoll-oneshot", "epoll-et", "asio"));
  EXPECT_EQ(options.reference, "epoll-oneshot");
  EXPECT_EQ(options.connections, 64U);
}

TEST(CompareOptions, AnEntryIsAnyCombination) {
  const auto cells = parse({"--backends", "asio", "--entry",
                            "slow=asio,threads=4,sharing=shared,handler-cpu=2us,idle=100"});
  const Entry& entry = cells.front().entries.at(1);
  EXPECT_EQ(entry.name, "slow");
  EXPECT_EQ(entry.backend, "asio");
  EXPECT_EQ(entry.threads, 4U);
  EXPECT_EQ(entry.sharing, "shared");
  EXPECT_EQ(entry.handler_cpu_ns, 2000U);
  EXPECT_EQ(entry.idle_connections, 100U);
}

TEST(CompareOptions, ListsMakeAMatrixOfRunsThatShareTheErrorRate) {
  const auto cells = parse({"--connections", "16,64,256", "--handler-cpu", "0,500ns", "--rate",
                            "5k", "--output", "runs/m.jsonl", "--seed", "7"});
  ASSERT_EQ(cells.size(), 6U);
  EXPECT_EQ(cells[0].output, "runs/m-1.jsonl");
  EXPECT_EQ(cells[5].output, "runs/m-6.jsonl");
  EXPECT_EQ(cells[0].connections, 16U);
  EXPECT_EQ(cells[5].connections, 256U);
  EXPECT_EQ(cells[0].entries[0].handler_cpu_ns, 0U);
  EXPECT_EQ(cells[5].entries[0].handler_cpu_ns, 500U);
  EXPECT_DOUBLE_EQ(cells[3].alpha, 0.05 / 6);
  EXPECT_EQ(cells[3].seed, 10U);
  EXPECT_EQ(cells[3].rate, 5000.0);
}

TEST(CompareOptions, HandlerWorkIsNotAskedOfPeers) {
  const auto cells = parse({"--handler-cpu", "1us", "--peer", "nginx=nginx.json"});
  EXPECT_EQ(cells.front().entries.front().handler_cpu_ns, 1000U);
  EXPECT_EQ(cells.front().entries.back().handler_cpu_ns, 0U);
}

TEST(CompareOptions, TheEstimateGrowsWithSlicesAndEntries) {
  const double three = estimate_s(parse({"--rate", "1k"}).front());
  const double two = estimate_s(parse({"--rate", "1k", "--backends", "epoll-et,asio"}).front());
  // Four slices a round against three: the reference runs twice.
  EXPECT_NEAR(three / two, 4.0 / 3.0, 1e-9);
  EXPECT_NEAR(estimate_s(parse({"--rate", "1k", "--rounds", "15"}).front()), three / 2, 1e-9);
}

TEST(CompareOptions, HandlerWorkThatNoServerWouldDoIsRefused) {
  const auto complaint = [](const std::vector<const char*>& words) -> std::string {
    try {
      parse(words);
      return "none";
    } catch (const cli::UsageError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(complaint({"--handler-cpu", "1s"}), "none");
  EXPECT_EQ(complaint({"--workload", "upload", "--handler-cpu", "1us"}), "none");
  EXPECT_EQ(complaint({"--workload", "download", "--handler-cpu", "0,1us"}),
            "a handler CPU of 1000ns (entry 'epoll-oneshot') does not go with --workload "
            "'download'");
  EXPECT_EQ(complaint({"--workload", "download", "--entry", "slow=asio,handler-cpu=2us"}),
            "a handler CPU of 2000ns (entry 'slow') does not go with --workload 'download'");
  EXPECT_EQ(complaint({"--handler-cpu", "600ms", "--entry", "slow=asio,handler-cpu=600ms"}),
            "a handler CPU of 1200000000ns (entry 'slow') is above 1s, the most that a handler "
            "works");
}

using Words = std::vector<std::string>;

class BadCommandLine : public testing::TestWithParam<Words> {};

TEST_P(BadCommandLine, IsRefusedWithItsFlagAndValue) {
  const Words& words = GetParam();
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  try {
    parse(argv);
    ADD_FAILURE() << "was accepted";
  } catch (const cli::UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr(words.front()));
    EXPECT_THAT(error.what(), HasSubstr(words.back()));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadCommandLine,
    testing::Values(Words{"--connections", "16,,64"}, Words{"--connections", "0"},
                    Words{"--connections", "100001"}, Words{"--rate", "1k,0"},
                    Words{"--handler-cpu", "1us,x"}, Words{"--handler-cpu", "1us,1001ms"},
                    Words{"--entry", "x=asio,handler-cpu=1001ms"}, Words{"--rounds", "0"},
                    Words{"--slice", "1ms"}, Words{"--workload", "nonsense"},
                    Words{"--preset", "nonsense"}, Words{"--reference", "absent"},
                    Words{"--entry", "x=asio,speed=9"}, Words{"--entry", "asio"},
                    Words{"--peer", "nginx"}, Words{"--server", "new="},
                    Words{"--server-cpus", "9999"}, Words{"--fail-on", "much"}));

}  // namespace
}  // namespace duelio::compare
