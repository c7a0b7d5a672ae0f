#include <filesystem>
#include <fstream>
#include <utility>

#include <gmock/gmock.h>
#include <sched.h>
#include <unistd.h>

#include "common/units.h"
#include "tests/compare/parse.h"

namespace duelio::compare {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Words names(const Options& options) {
  Words all;
  for (const results::EntrySpec& entry : options.entries) all.push_back(entry.name);
  return all;
}

Words ids(const std::vector<LoadSpec>& loads) {
  Words all;
  for (const LoadSpec& load : loads) all.push_back(load.id);
  return all;
}

TEST(CommandLine, ComparesTheThreeModelsUnlessTold) {
  const auto cells = parse({});
  ASSERT_EQ(cells.size(), 1U);
  const Options& options = cells.front();
  EXPECT_THAT(names(options), ElementsAre("epoll-oneshot", "epoll-et", "asio"));
  EXPECT_EQ(options.reference, "epoll-oneshot");
  EXPECT_EQ(options.preset, "quick");
  EXPECT_EQ(options.plan.connections, 64U);
  EXPECT_THAT(ids(options.loads), ElementsAre("10%", "50%", "max"));
  EXPECT_EQ(options.plan.blocks, 20U);
  EXPECT_DOUBLE_EQ(options.plan.window_s, 0.006);
  EXPECT_DOUBLE_EQ(options.plan.alpha, 0.05);
  EXPECT_FALSE(options.plan.accept_noise);
  EXPECT_EQ(lanes_of(options), 4U);
}

TEST(CommandLine, AFlagIsStrongerThanItsPreset) {
  const Options options = parse({"--preset", "standard", "--blocks", "7", "--block", "300ms",
                                 "--window", "20ms", "--load", "max,2k", "--minimum-effect", "1%"})
                              .front();
  EXPECT_EQ(options.preset, "standard");
  EXPECT_EQ(options.plan.blocks, 7U);
  EXPECT_EQ(options.block_length, std::chrono::milliseconds(300));
  EXPECT_DOUBLE_EQ(options.plan.window_s, 0.02);
  EXPECT_DOUBLE_EQ(options.plan.minimum_effect, 0.01);
  EXPECT_THAT(ids(options.loads), ElementsAre("max", "2k"));
}

TEST(CommandLine, ExplainsOnlyWhenAskedAndNotInIsolation) {
  EXPECT_FALSE(parse({}).front().explain);
  EXPECT_TRUE(parse({"--explain"}).front().explain);
  EXPECT_EQ(complaint({"--explain", "--isolated"}),
            "--explain does not go with --isolated, which has turns only");
}

TEST(CommandLine, AnEntryNamesTheOptionsOfItsModel) {
  const Options options =
      parse({"--backends", "epoll-et", "--entry", "one=epoll-et,with=batch-1"}).front();
  EXPECT_EQ(options.entries.front().with, std::nullopt);
  EXPECT_EQ(options.entries.back().with, std::optional(std::vector<std::string>{"batch-1"}));
}

TEST(CommandLine, AnEntryHasDeadlinesWhereItAsksForThem) {
  const Options options = parse({"--backends", "epoll-et", "--entry", "on=epoll-et,deadlines=on",
                                 "--entry", "off=epoll-et,deadlines=off"})
                              .front();
  EXPECT_EQ(options.entries.at(0).deadlines, std::nullopt);
  EXPECT_EQ(options.entries.at(1).deadlines, true);
  EXPECT_EQ(options.entries.at(2).deadlines, std::nullopt);
}

TEST(CommandLine, AnEntryIsAnyCombination) {
  const Options options =
      parse({"--backends", "asio", "--entry",
             "slow=asio,threads=4,sharing=shared,handler-cpu=2us,idle=100", "--threads", "2"})
          .front();
  const results::EntrySpec& entry = options.entries.at(1);
  EXPECT_EQ(entry.name, "slow");
  EXPECT_EQ(entry.backend, "asio");
  EXPECT_EQ(entry.threads, 4U);
  EXPECT_EQ(entry.sharing, "shared");
  EXPECT_EQ(entry.handler_cpu_ns, 2000U);
  EXPECT_EQ(entry.idle_connections, 100U);
  EXPECT_EQ(options.entries.front().threads, 2U);
}

TEST(CommandLine, AllIsWhatIsAvailableHere) {
  EXPECT_THAT(names(parse({"--backends", "all"}).front()),
              testing::IsSupersetOf({"epoll-oneshot", "epoll-et", "asio", "poll"}));
}

TEST(CommandLine, ListsMakeAMatrixOfRunsThatShareTheErrorRate) {
  const auto cells =
      parse({"--connections", "16,64,256", "--threads", "1,2", "--handler-cpu", "0,500ns",
             "--output", testing::TempDir() + "runs/m.jsonl", "--seed", "7"});
  ASSERT_EQ(cells.size(), 12U);
  EXPECT_EQ(cells.front().output, testing::TempDir() + "runs/m-1.jsonl");
  EXPECT_EQ(cells.back().output, testing::TempDir() + "runs/m-12.jsonl");
  EXPECT_EQ(cells.front().plan.connections, 16U);
  EXPECT_EQ(cells.back().plan.connections, 256U);
  EXPECT_EQ(cells[1].entries[0].threads, 2U);
  EXPECT_EQ(cells.front().entries[0].handler_cpu_ns, 0U);
  EXPECT_EQ(cells.back().entries[0].handler_cpu_ns, 500U);
  for (const Options& cell : cells) EXPECT_DOUBLE_EQ(cell.plan.alpha, 0.05 / 12);
  EXPECT_EQ(cells[3].seed, 10U);
  EXPECT_EQ(cells[3].plan.cell, 4U);
  EXPECT_EQ(cells[3].plan.cells, 12U);
}

class Files : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ + "/" + name) << content;
    return folder_ + "/" + name;
  }
  const std::string folder_ = testing::TempDir() + "options_test_" + std::to_string(::getpid());
};

TEST_F(Files, HandlerWorkAndThreadsAreNotAskedOfPeers) {
  const std::string peer = file("nginx.json", R"({"argv": ["true", "{port}"]})");
  const Options options =
      parse({"--handler-cpu", "1us", "--threads", "4", "--peer", "nginx=" + peer}).front();
  EXPECT_EQ(options.entries.front().handler_cpu_ns, 1000U);
  EXPECT_EQ(options.entries.back().handler_cpu_ns, 0U);
  EXPECT_EQ(options.entries.back().peer_file, peer);
}

TEST_F(Files, APeerFileAndItsVersionAreOnRecord) {
  const std::string peer =
      file("peer.json",
           R"({"argv": ["true", "{port}"], "version": ["sh", "-c", "echo; echo 1.2 >&2"]})");
  const results::EntrySpec entry =
      parse({"--backends", "none", "--peer", "p=" + peer}).front().entries.front();
  EXPECT_EQ(entry.version, "1.2");
  ASSERT_TRUE(entry.peer);
  EXPECT_EQ(entry.peer->at("argv").as_array().size(), 2U);
}

TEST_F(Files, APeerThatCannotBeStartedIsRefusedBeforeAnythingIs) {
  const std::vector<std::pair<std::string, std::string>> mistakes{
      {"", "is not JSON"},
      {"[]", "is not a JSON object"},
      {R"({"argv": []})", "argv is not a list of words"},
      {R"({"argv": [1, "{port}"]})", "argv is not a text"},
      {R"({"argv": ["", "{port}"]})", "argv has no executable"},
      {R"({"argv": ["true"]})", "names {port} nowhere"},
      {R"({"argv": ["/nowhere/x", "{port}"]})", "argv starts /nowhere/x, which is no executable"},
      {R"({"argv": ["no-such-program", "{port}"]})", "no-such-program, which is in no folder"},
      {R"({"argv": ["true", "{port}"], "version": ["/x"]})", "version starts /x"},
      {R"({"argv": ["true", "{port}"], "version": ["true"]})", "version: 'true' says nothing"},
      {R"({"argv": ["true", "{port}"], "ready": "health"})", "ready is 'health'"},
      {R"({"argv": ["true", "{port}"], "files": {"../x": ""}})", "files has '../x'"},
      {R"({"argv": ["true", "{port}"], "files": {"x": 3}})", "files: x is not a text"},
      {R"({"argv": ["true", "{port}"], "argc": 3})", "has an unknown key 'argc'"},
  };
  for (const auto& [content, told] : mistakes) {
    const std::string peer = file("bad.json", content);
    const std::string why = complaint({"--peer", "p=" + peer, "--dry-run"});
    EXPECT_THAT(why, HasSubstr("--peer 'p=" + peer + "': " + peer + " "));
    EXPECT_THAT(why, HasSubstr(told)) << content;
  }
  EXPECT_THAT(complaint({"--peer", "p=" + folder_}), HasSubstr("is a directory"));
}

TEST_F(Files, APeerFileIsReadBeforeAnythingIsStarted) {
  EXPECT_THAT(complaint({"--peer", "nginx=" + folder_ + "/absent.json"}), HasSubstr("absent.json"));
  const std::string peer = file("peer.json", R"({"arguments": []})");
  EXPECT_THAT(complaint({"--peer", "nginx=" + peer}),
              HasSubstr(peer + " has an unknown key 'arguments'"));
}

TEST_F(Files, AResultOfAnyCellIsNotOverwritten) {
  const std::string second = file("m-2.jsonl", "a night's work");
  const Words words{"--connections", "8,16,32", "--output", folder_ + "/m.jsonl"};
  EXPECT_EQ(complaint(words), "--output '" + second + "' exists (go on with it: --resume)");
  Words dry = words;
  dry.emplace_back("--dry-run");
  EXPECT_EQ(complaint(dry), complaint(words));  // it refuses what the run would
}

TEST_F(Files, AnOutputThatCannotBeMadeIsRefused) {
  EXPECT_EQ(complaint({"--output", folder_ + "/new/folders/run.jsonl"}), "none");
  EXPECT_THAT(complaint({"--output", folder_}), HasSubstr("'" + folder_ + "' is a directory"));
  EXPECT_THAT(complaint({"--output", ""}), HasSubstr("--output '' is empty"));
  EXPECT_THAT(complaint({"--output", "/proc/run.jsonl"}), HasSubstr("nothing can be written"));
  const std::string plain = file("plain", "");
  EXPECT_THAT(complaint({"--output", plain + "/run.jsonl"}), HasSubstr("which is no folder"));
}

TEST(CommandLine, AThreadForEachOfThousandsOfConnectionsIsRefused) {
  EXPECT_THAT(complaint({"--backends", "epoll-et,threads", "--workload", "idle"}),
              HasSubstr("entry 'threads' would need 10064 threads"));
  EXPECT_EQ(complaint({"--backends", "epoll-et,threads", "--connections", "4096"}), "none");
}

TEST(CommandLine, HandlerWorkThatNoServerWouldDoIsRefused) {
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

TEST(CommandLine, AGateNeedsSomethingToHold) {
  EXPECT_EQ(complaint({"--fail-on", "5%"}), "none");
  EXPECT_EQ(complaint({"--backends", "asio", "--fail-on", "5%"}),
            "--fail-on has nothing to hold: the only entry is the reference");
}

// This process's CPUs, and those it had before.
class Cpus : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(sched_getaffinity(0, sizeof before_, &before_), 0); }
  void TearDown() override { sched_setaffinity(0, sizeof before_, &before_); }
  cpu_set_t before_{};
};

TEST_F(Cpus, OfServersAndGeneratorsAreDifferentOnes) {
  if (os::allowed_cpus().size() < 2) GTEST_SKIP() << "this machine has one CPU";
  const Options options = parse_as_they_are({}).front();
  EXPECT_NE(options.plan.server_cpus, options.plan.client_cpus);
  EXPECT_TRUE(options.plan.generator_polls);
  const int last = os::allowed_cpus().back();
  EXPECT_NE(parse_as_they_are({"--client-cpus", std::to_string(os::allowed_cpus().front())})
                .front()
                .plan.server_cpus,
            (std::vector{os::allowed_cpus().front()}));
  EXPECT_NE(parse_as_they_are({"--server-cpus", std::to_string(last)}).front().plan.client_cpus,
            (std::vector{last}));
}

TEST_F(Cpus, AGeneratorHasAThreadForEachOfItsOwn) {
  const std::string all =
      std::to_string(os::allowed_cpus().front()) + "-" + std::to_string(os::allowed_cpus().back());
  if (parse_cpu_list(all).size() != os::allowed_cpus().size()) GTEST_SKIP() << "CPUs with gaps";
  if (os::allowed_cpus().size() < 2) GTEST_SKIP() << "this machine has one CPU";
  EXPECT_EQ(parse({}).front().plan.generator_threads, std::nullopt);
  EXPECT_EQ(parse({"--client-cpus", all}).front().plan.generator_threads,
            os::allowed_cpus().size());
  EXPECT_EQ(parse({"--client-cpus", all, "--connections", "1"}).front().plan.generator_threads,
            std::nullopt);
}

TEST_F(Cpus, OneIsSharedOnlyWhenItIsNamed) {
  const int only = os::allowed_cpus().back();
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(only), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_THAT(complaint([] { parse_as_they_are({}); }), HasSubstr("two CPUs are needed"));
  const Options options = parse({}).front();
  EXPECT_EQ(options.plan.server_cpus, options.plan.client_cpus);
  EXPECT_FALSE(options.plan.generator_polls);  // it would take the servers' time
}

class BadCommandLine : public testing::TestWithParam<Words> {};

TEST_P(BadCommandLine, IsRefusedWithItsFlagAndValue) {
  const std::string why = complaint(GetParam());
  EXPECT_THAT(why, HasSubstr(GetParam().front()));
  EXPECT_THAT(why, HasSubstr(GetParam().back()));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadCommandLine,
    testing::Values(
        Words{"--connections", "16,,64"}, Words{"--connections", "0"},
        Words{"--connections", "100001"}, Words{"--threads", "0"}, Words{"--threads", "1025"},
        Words{"--handler-cpu", "1us,x"}, Words{"--handler-cpu", "1us,1001ms"},
        Words{"--entry", "x=asio,handler-cpu=1001ms"}, Words{"--entry", "x=asio,threads=0"},
        Words{"--entry", "x=asio,speed=9"}, Words{"--entry", "asio"}, Words{"--load", "1k,0"},
        Words{"--load", "0%"}, Words{"--load", "max,max"}, Words{"--load", "10%,,max"},
        Words{"--load", "fast"}, Words{"--connections", "16,16"}, Words{"--handler-cpu", "0,0"},
        Words{"--threads", "2,2"}, Words{"--entry", "x=asio,idle=100001"},
        Words{"--entry", "x=asio,threads=1,threads=2"}, Words{"--blocks", "0"},
        Words{"--blocks", "10001"}, Words{"--block", "999us"}, Words{"--window", "999us"},
        Words{"--window", "25"}, Words{"--lead-in", "much"}, Words{"--workload", "nonsense"},
        Words{"--preset", "nonsense"}, Words{"--reference", "absent"}, Words{"--peer", "nginx"},
        Words{"--server", "new="}, Words{"--server-cpus", "9999"}, Words{"--client-cpus", "9999"},
        Words{"--fail-on", "much"}, Words{"--backends", "epoll-et, asio"},
        Words{"--backends", "all,select"}, Words{"--backends", ""}));

struct Mistake {
  Words words;
  std::string told;
};

class BadEntry : public testing::TestWithParam<Mistake> {};

TEST_P(BadEntry, IsRefusedBeforeAnythingIsStarted) {
  EXPECT_THAT(complaint(GetParam().words), HasSubstr(GetParam().told));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadEntry,
    testing::Values(
        Mistake{{"--backends", "kqueue"}, "entry 'kqueue' has an unknown backend 'kqueue'"},
        Mistake{{"--entry", "x=select"}, "entry 'x' has an unknown backend 'select'"},
        Mistake{{"--entry", "x=asio,sharing=magic"}, "entry 'x' has sharing 'magic', which asio"},
        Mistake{{"--entry", "x=asio,deadlines=1s"},
                "has a bad deadlines: '1s' is neither on nor off"},
        Mistake{{"--entry", "x=asio,with=sqpoll"},
                "entry 'x' has with 'sqpoll', which asio does not"},
        Mistake{{"--entry", "x=epoll-et,with=batch-1+batch-1"}, "'batch-1', which it names twice"},
        Mistake{{"--entry", "x=epoll-et,with=batch-1+batch-64"}, "'batch-64', which excludes 'b"},
        Mistake{{"--entry", "x=asio,sharing=shared,with=hint-unsafe"}, "does not go with sharing"},
        Mistake{{"--server", "new=/nowhere/server"}, "entry 'new' has no server at /nowhere"},
        Mistake{{"--server", "new=/bin/true"}, "'/bin/true' does not list backends"},
        Mistake{{"--entry", "a b=asio"}, "an entry's name is 'a b'"},
        Mistake{{"--entry", "a,b=asio"}, "an entry's name is 'a,b'"},
        Mistake{{"--entry", "a/b=asio"}, "an entry's name is 'a/b'"},
        Mistake{{"--backends", "asio,asio"}, "two entries are named 'asio'"},
        Mistake{{"--backends", "none"}, "nothing to compare"},
        Mistake{{"--backends", "none", "--server", "x=y"}, "has no backend"}));

}  // namespace
}  // namespace duelio::compare
