#include "compare/resume.h"

#include <filesystem>
#include <fstream>
#include <functional>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <unistd.h>

#include "compare/manifest.h"

namespace duelio::compare {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

std::vector<Options> parse(const std::vector<const char*>& words) {
  return parse_options(static_cast<int>(words.size()), words.data());
}

class Resume : public testing::Test {
 protected:
  // The run that goes on from a file whose manifest was changed.
  Options resumed(const std::function<void(json::object&)>& change) const {
    const Options options =
        parse({"duelio-compare", "--backends", "epoll-et,asio", "--rate", "5k", "--seed", "7"})
            .front();
    json::object manifest = compare::manifest(options, 5000, 0);
    change(manifest);
    std::ofstream(file_) << json::serialize(manifest) << '\n';
    return parse({"duelio-compare", "--resume", file_.c_str()}).front();
  }
  std::string refusal(const std::function<void(json::object&)>& change) const {
    try {
      resumed(change);
      return "none";
    } catch (const cli::UsageError& error) {
      return error.what();
    }
  }
  void TearDown() override { std::filesystem::remove(file_); }

  const std::string file_ =
      testing::TempDir() + "resume_test_" + std::to_string(::getpid()) + ".jsonl";
};

TEST_F(Resume, GoesOnAsTheRunBegan) {
  const Options options = resumed([](json::object& manifest) {
    manifest["plan"].as_object()["looks"] = json::array{3, 9};
    manifest["plan"].as_object()["open_s"] = 0.075;
  });
  EXPECT_TRUE(options.resume);
  EXPECT_EQ(options.output, file_);
  EXPECT_EQ(options.seed, 7U);
  EXPECT_EQ(options.rate, 5000.0);
  EXPECT_EQ(options.looks, (std::vector<std::size_t>{3, 9}));
  EXPECT_EQ(options.open, std::chrono::milliseconds(75));
}

TEST_F(Resume, RefusesAnotherBuild) {
  const std::string why = refusal(
      [](json::object& manifest) { manifest["build"].as_object()["revision"] = "0123abc"; });
  EXPECT_THAT(why, HasSubstr("--resume '" + file_ + "'"));
  EXPECT_THAT(why, HasSubstr("build revision: 0123abc and "));
}

TEST_F(Resume, RefusesAnotherMachine) {
  EXPECT_THAT(
      refusal([](json::object& manifest) { manifest["machine"].as_object()["cpu"] = "An abacus"; }),
      HasSubstr("machine cpu: An abacus and "));
}

TEST_F(Resume, RefusesOtherEntries) {
  // As when --backends all finds another set of them.
  EXPECT_THAT(refusal([](json::object& manifest) { manifest["entries"].as_array().pop_back(); }),
              HasSubstr("entries: epoll-et and epoll-et,asio"));
}

}  // namespace
}  // namespace duelio::compare
