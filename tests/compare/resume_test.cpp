#include <algorithm>
#include <filesystem>
#include <functional>

#include <gmock/gmock.h>
#include <unistd.h>

#include "compare/manifest.h"
#include "results/record.h"
#include "tests/compare/parse.h"

namespace duelio::compare {
namespace {

using testing::HasSubstr;
using Change = std::function<void(results::Manifest&)>;

class Resume : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::vector<Options> cells(const std::string& connections) const {
    return parse({"--backends", "epoll-et,asio", "--load", "5k,max", "--seed", "7", "--connections",
                  connections, "--output", folder_ + "/run.jsonl"});
  }

  // Writes what is left of a run that was killed at once.
  static std::string kill(const Options& options, const Change& change = {}) {
    results::Manifest manifest = manifest_of(options, 0);
    manifest.plan.loads = {{.id = "5k", .rate = 5000}, {.id = "max"}};
    manifest.plan.turns = 9;
    if (change) change(manifest);
    results::Writer(options.output).write(to_line(manifest));
    return options.output;
  }
  std::string killed(const Change& change = {}) const { return kill(cells("8").front(), change); }
  std::string refusal(const Change& change) const {
    const std::string file = killed(change);
    return complaint([&] { parse_as_they_are({"--resume", file}); });
  }

  const std::string folder_ = testing::TempDir() + "resume_test_" + std::to_string(::getpid());
};

TEST_F(Resume, GoesOnAsTheManifestSays) {
  const std::string file = killed([](results::Manifest& manifest) {
    manifest.plan.blocks = 31;  // as if the preset had changed since
    manifest.plan.window_s = 0.075;
    manifest.plan.loads.front().rate = 4800;
  });
  const auto left = parse_as_they_are({"--resume", file});
  ASSERT_EQ(left.size(), 1U);
  const Options& options = left.front();
  EXPECT_TRUE(options.resume);
  EXPECT_EQ(options.output, file);
  EXPECT_EQ(options.seed, 7U);
  EXPECT_EQ(options.plan.blocks, 31U);
  EXPECT_EQ(options.plan.turns, 9U);
  EXPECT_EQ(options.plan.window_s, 0.075);
  EXPECT_EQ(options.plan.loads.front().rate, 4800.0);
}

TEST_F(Resume, KeepsASeedThatNobodyNamed) {
  const std::string file = killed([](results::Manifest& manifest) {
    const auto flag = std::find(manifest.command.begin(), manifest.command.end(), "--seed");
    manifest.command.erase(flag, flag + 2);
    manifest.seed = 123'456;
  });
  EXPECT_EQ(parse_as_they_are({"--resume", file}).front().seed, 123'456U);
}

TEST_F(Resume, GoesOnWithTheCellsThatFollow) {
  const auto matrix = cells("8,16,32,64");
  const std::string second = kill(matrix[1]);
  kill(matrix[2]);  // it is there: nothing touches it
  const auto left = parse_as_they_are({"--resume", second});
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].output, second);
  EXPECT_EQ(left[0].plan.connections, 16U);
  EXPECT_EQ(left[0].seed, 8U);
  EXPECT_TRUE(left[0].resume);
  EXPECT_EQ(left[1].output, folder_ + "/run-4.jsonl");
  EXPECT_EQ(left[1].plan.connections, 64U);
  EXPECT_EQ(left[1].seed, 10U);
  EXPECT_FALSE(left[1].resume);
}

TEST_F(Resume, RefusesAnotherBuild) {
  const std::string why =
      refusal([](results::Manifest& manifest) { manifest.build.revision = "0123abc"; });
  EXPECT_THAT(why, HasSubstr("--resume '" + folder_ + "/run.jsonl' cannot go on here"));
  EXPECT_THAT(why, HasSubstr("build revision: 0123abc and "));
}

TEST_F(Resume, RefusesAnotherMachine) {
  EXPECT_THAT(refusal([](results::Manifest& manifest) { manifest.machine.cpu = "An abacus"; }),
              HasSubstr("machine cpu: An abacus and "));
}

TEST_F(Resume, RefusesOtherEntries) {
  // As when --backends all finds another set of them.
  EXPECT_THAT(refusal([](results::Manifest& manifest) { manifest.entries.pop_back(); }),
              HasSubstr("entries: epoll-et and epoll-et,asio"));
}

TEST_F(Resume, RefusesAFinishedRun) {
  const std::string file = killed();
  results::Writer(file).write(to_line(results::End{.finished = true, .reason = "complete"}));
  const auto resume = [&] { parse_as_they_are({"--resume", file}); };
  EXPECT_EQ(complaint(resume), "--resume '" + file + "' is a finished run");
}

TEST_F(Resume, TakesNoOtherFlagAndNoOtherFile) {
  const auto resume = [] { parse_as_they_are({"--resume", "x", "--blocks", "3"}); };
  EXPECT_THAT(complaint(resume), HasSubstr("no other flag"));
  const std::string absent = folder_ + "/absent.jsonl";
  EXPECT_THROW(parse_as_they_are({"--resume", absent}), std::exception);
}

}  // namespace
}  // namespace duelio::compare
