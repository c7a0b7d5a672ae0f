#include <utility>

#include <gmock/gmock.h>

#include "tests/compare/parse.h"

namespace duelio::compare {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Four ranks: 0 to 2 are one machine.
const std::vector<Host> four{
    {.boot_id = "a"}, {.boot_id = "a"}, {.boot_id = "a"}, {.boot_id = "b"}};

TEST(Hosts, AreThoseThatAreNamed) {
  const Options options = parse({"--server-host", "1", "--client-hosts", "2,3"}, four).front();
  const results::HostsUsed& hosts = options.hosts.value();
  EXPECT_EQ(hosts.server, 1U);
  EXPECT_THAT(hosts.clients, ElementsAre(2U, 3U));
  EXPECT_EQ(hosts.generators, 2U);
  EXPECT_FALSE(hosts.one_kernel);
  EXPECT_EQ(options.plan.network, "hosts");
  EXPECT_TRUE(options.machine.has_value());
}

TEST(Hosts, OfOneMachineDoNotPollWhereAnotherGeneratorIs) {
  const auto polls = [](const char* clients) {
    return parse({"--server-host", "1", "--client-hosts", clients, "--server-cpus", "0",
                  "--client-cpus", "1"},
                 four)
        .front()
        .plan.generator_polls;
  };
  EXPECT_TRUE(polls("2"));
  EXPECT_TRUE(polls("2,3"));
  const std::vector<Host> one(4);
  EXPECT_FALSE(parse({"--server-host", "1", "--client-hosts", "2,3", "--server-cpus", "0",
                      "--client-cpus", "1"},
                     one)
                   .front()
                   .plan.generator_polls);
}

TEST(Hosts, MayHaveCpusThatThisOneHasNot) {
  const Options options = parse({"--server-host", "1", "--client-hosts", "2", "--server-cpus",
                                 "4000", "--client-cpus", "4001"},
                                four)
                              .front();
  EXPECT_THAT(options.plan.server_cpus, ElementsAre(4000));
}

TEST(Hosts, AreRefusedThatHaveNoPartOrTwo) {
  const auto says = [](Words words) { return complaint([&] { parse(std::move(words), four); }); };
  EXPECT_THAT(says({}), HasSubstr("--server-host is missing"));
  EXPECT_THAT(says({"--server-host", "1"}), HasSubstr("--client-hosts is missing"));
  EXPECT_EQ(says({"--server-host", "4", "--client-hosts", "2"}),
            "--server-host '4' names rank 4, and the job's are 0 to 3");
  EXPECT_EQ(says({"--server-host", "0", "--client-hosts", "2"}),
            "--server-host '0' names rank 0, which conducts and measures nothing");
  EXPECT_EQ(says({"--server-host", "1", "--client-hosts", "2,1"}),
            "--client-hosts names rank 1, which --server-host has");
  EXPECT_EQ(says({"--server-host", "1", "--client-hosts", "2,2"}),
            "--client-hosts '2,2' has 2 twice");
  const Words good{"--server-host", "1", "--client-hosts", "2,3"};
  const auto with = [&](const Words& more) {
    Words words = good;
    words.insert(words.end(), more.begin(), more.end());
    return says(words);
  };
  EXPECT_THAT(with({"--network", "veth"}), HasSubstr("--network does not go with --server-host"));
  EXPECT_THAT(with({"--explain"}), HasSubstr("--explain is of one host"));
  EXPECT_THAT(with({"--doctor"}), HasSubstr("--doctor is of one host"));
  EXPECT_THAT(with({"--connections", "1"}),
              HasSubstr("--connections 1 is below the number of --client-hosts"));
  EXPECT_THAT(complaint(good), HasSubstr("server-host"));  // duelio-compare does not know it
}

}  // namespace
}  // namespace duelio::compare
