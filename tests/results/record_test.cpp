#include "results/record.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/results/synthetic.h"

namespace duelio::results {
namespace {

class Record : public testing::Test {
 protected:
  void write(const std::string& text) const { std::ofstream(file_, std::ios::binary) << text; }
  results::Run load_text(const std::string& text) const {
    write(text);
    return load(file_);
  }
  std::string complaint(const std::string& text) const {
    try {
      load_text(text);
    } catch (const BadFile& bad) {
      return std::string(bad.what()).substr(file_.size());
    }
    return "none";
  }
  std::string text_of_file() const {
    std::ostringstream content;
    content << std::ifstream(file_, std::ios::binary).rdbuf();
    return content.str();
  }
  // The text with `from` replaced where it stands first.
  std::string changed(const std::string& from, const std::string& to) const {
    std::string text = text_;
    text.replace(text.find(from), from.size(), to);
    return text;
  }
  void TearDown() override { std::filesystem::remove(file_); }

  const std::string file_ =
      testing::TempDir() + "record_test_" + std::to_string(::getpid()) + ".jsonl";
  const results::Run run_ = test::synthetic_run({.blocks = 2, .turns = 1});
  const std::string text_ = test::to_text(run_);
};

// Equal but for the last digits of a number: Boost.JSON reads decimals to within a unit or two.
bool is_same(const boost::json::value& one, const boost::json::value& other) {
  if (one.is_double() && other.is_double()) {
    const double value = one.get_double();
    return std::abs(value - other.get_double()) <= 1e-14 * std::abs(value);
  }
  if (one.is_object() && other.is_object()) {
    return std::ranges::equal(one.get_object(), other.get_object(), [](auto& a, auto& b) {
      return a.key() == b.key() && is_same(a.value(), b.value());
    });
  }
  if (one.is_array() && other.is_array())
    return std::ranges::equal(one.get_array(), other.get_array(), is_same);
  return one == other;
}

TEST_F(Record, LoadsWhatWasWritten) {
  results::Run run = run_;
  run.windows[3].void_cause = "the generator was late";
  run.windows[4].failures = {{"reset", 104, 2}};
  run.end->left_out = {{"candidate", "EMFILE"}};
  const results::Run read = load_text(test::to_text(run));
  EXPECT_TRUE(is_same(to_line(read.manifest), to_line(run.manifest)));
  ASSERT_EQ(read.windows.size(), 2U * 3U * 3U);  // blocks, loads, lanes
  for (std::size_t i = 0; i < read.windows.size(); ++i)
    EXPECT_TRUE(is_same(to_line(read.windows[i]), to_line(run.windows[i]))) << i;
  ASSERT_EQ(read.blocks.size(), 2U);
  for (std::size_t i = 0; i < read.blocks.size(); ++i)
    EXPECT_TRUE(is_same(to_line(read.blocks[i]), to_line(run.blocks[i]))) << i;
  EXPECT_TRUE(is_same(to_line(*read.end), to_line(*run.end)));
  EXPECT_EQ(read.windows[3].void_cause, "the generator was late");
  EXPECT_FALSE(read.truncated);
  EXPECT_EQ(read.unfinished(), "");
}

std::string line_of(const Profile& profile) {
  return boost::json::serialize(to_line(profile)) + "\n";
}

TEST_F(Record, TakesProfilesWithTheirBlock) {
  const Profile profile{.block = 2,
                        .load = "10%",
                        .entry = "candidate",
                        .role = Role::candidate,
                        .frames = {"server`main", "kernel`tcp_sendmsg"},
                        .stacks = {{3, 0, 1}, {1, 0}}};
  const std::size_t second = text_.find(R"("type":"block")", text_.find(R"("type":"block")") + 1);
  std::string text = text_;
  text.insert(text.rfind('\n', second) + 1, line_of(profile));
  const results::Run read = load_text(text);
  ASSERT_EQ(read.profiles.size(), 1U);
  EXPECT_TRUE(is_same(to_line(read.profiles[0]), to_line(profile)));

  const std::size_t end_of_block = text.find('\n', text.rfind(R"("type":"block")"));
  const results::Run cut = load_text(text.substr(0, end_of_block));
  EXPECT_TRUE(cut.profiles.empty()) << "its block is not whole";
  write(text.substr(0, end_of_block));
  reopen(file_);
  EXPECT_EQ(text_of_file().find(R"("type":"profile")"), std::string::npos);
}

TEST_F(Record, RefusesAProfileOfNowhere) {
  const Profile good{.block = 1, .load = "10%", .entry = "candidate", .frames = {"a`b"}};
  const std::string manifest = text_.substr(0, text_.find('\n') + 1);
  const auto complaint_about = [&](auto change) {
    Profile bad = good;
    change(bad);
    return complaint(manifest + line_of(bad));
  };
  EXPECT_EQ(complaint_about([](Profile&) {}), "none");
  using Stacks = decltype(Profile::stacks);
  for (const Stacks& stacks : {Stacks{{1, 1}}, Stacks{{}}}) {
    const auto change = [&](Profile& bad) { bad.stacks = stacks; };
    EXPECT_EQ(complaint_about(change), ":2: profile.stacks names a frame that is not there");
  }
  EXPECT_EQ(complaint_about([](Profile& bad) { bad.load = "11%"; }),
            ":2: '11%' is none of the manifest's loads");
}

TEST_F(Record, LoadsWhenCutOffAnywhereBehindTheManifest) {
  const std::size_t manifest = text_.find('\n') + 1;
  const std::size_t first_block = text_.find('\n', text_.find(R"("type":"block")")) + 1;
  const std::size_t second_block =
      text_.find('\n', text_.find(R"("type":"block")", first_block)) + 1;
  for (std::size_t size = manifest; size < text_.size(); size += 97) {
    const results::Run run = load_text(text_.substr(0, size));
    EXPECT_FALSE(run.end);
    EXPECT_EQ(run.unfinished(), "killed");
    const std::size_t whole = (size >= first_block ? 1U : 0U) + (size >= second_block ? 1U : 0U);
    EXPECT_EQ(run.blocks.size(), whole);
    EXPECT_EQ(run.windows.size(), 9 * whole);
    const bool at_a_cut = size == manifest || size == first_block || size == second_block;
    EXPECT_EQ(run.truncated, !at_a_cut) << size;
  }
}

TEST_F(Record, LeavesOutTheBlockThatAnInterruptionCut) {
  const std::size_t second = text_.find("\"type\":\"block\"", text_.find("\"type\":\"block\"") + 1);
  const std::size_t line = text_.rfind('\n', second) + 1;
  const results::Run run = load_text(
      text_.substr(0, line) +
      R"({"type":"end","finished":false,"reason":"interrupted","elapsed_s":1,"left_out":[]})"
      "\n");
  EXPECT_EQ(run.blocks.size(), 1U);
  EXPECT_TRUE(run.truncated);
  EXPECT_EQ(run.unfinished(), "interrupted");
}

TEST_F(Record, NamesWhatIsNoResultsFile) {
  EXPECT_EQ(complaint(""), ":1: the file is empty");
  EXPECT_EQ(complaint("# notes\n"), ":1: is no results file: it does not begin with a JSON object");
  EXPECT_EQ(complaint(std::string("\xFD"
                                  "7zXZ\0\0",
                                  7)),
            ":1: is compressed: xz --decompress makes a results file of it");
  EXPECT_EQ(complaint(text_.substr(0, 20)), ":1: no complete manifest line");
  EXPECT_EQ(complaint(changed("duelio/2", "duelio/1")),
            ":1: is of schema duelio/1, which duelio up to revision ec384ef reads; this one reads "
            "duelio/2");
  EXPECT_EQ(complaint(changed("duelio/2", "duelio/9")),
            ":1: is of schema duelio/9, which another version of duelio reads; this one reads "
            "duelio/2");
  EXPECT_THROW(load(testing::TempDir()), BadFile);
  EXPECT_THROW(load(file_ + ".absent"), std::system_error);
}

TEST_F(Record, NamesTheLineAndTheFieldThatIsWrong) {
  EXPECT_EQ(complaint(changed("\"kernel\"", "\"colonel\"")),
            ":1: manifest.machine.kernel is missing");
  EXPECT_EQ(complaint(changed("{\"type\":\"window\",", "{\"type\":\"window\",\"x\":1,")),
            ":2: window.x is unknown");
  EXPECT_EQ(complaint(changed("\"turn\":1", "\"turn\":-1")), ":2: window.turn is out of range");
  EXPECT_EQ(complaint(changed("\"turn\":1", "\"turn\":\"1\"")), ":2: window.turn is not a number");
  EXPECT_EQ(complaint(changed("\"role\":\"reference\"", "\"role\":\"king\"")),
            ":2: window.role is none of its words");
  EXPECT_EQ(complaint(changed("\"role\":\"reference\"", "\"role\":\"candidate\"")),
            ":2: 'reference' cannot be the candidate");
  EXPECT_EQ(complaint(changed("\"load\":\"10%\"", "\"load\":\"11%\"")),
            ":2: '11%' is none of the manifest's loads");
  EXPECT_EQ(complaint(text_ + "{\"type\":\"poem\"}\n").substr(0, 4), ":23:");
  EXPECT_EQ(complaint(text_ + "{\"type\":\"poem\"}\n").substr(4), " has unknown type 'poem'");
}

TEST_F(Record, KnowsNoNumberThatIsNotFinite) {
  results::Window window = run_.windows.front();
  window.length_s = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(to_line(window), std::domain_error);
  EXPECT_EQ(complaint(changed("\"alpha\":5E-2", "\"alpha\":1e999")),
            ":1: manifest.plan.alpha is out of range");
}

TEST_F(Record, ReopenedHoldsTheWholeBlocksAndNothingElse) {
  const std::size_t second = text_.find("\"type\":\"block\"", text_.find("\"type\":\"block\"") + 1);
  const std::size_t first_end = text_.find('\n', text_.find("\"type\":\"block\"")) + 1;
  for (const std::string& tail : {std::string(), std::string("{\"type\":\"ver"),
                                  std::string("{\"type\":\"end\",\"finished\":false}\n")}) {
    write(text_.substr(0, text_.rfind('\n', second) + 1) + tail);
    reopen(file_);
    EXPECT_EQ(text_of_file(), text_.substr(0, first_end));
  }
}

TEST_F(Record, WriterAppendsWholeLines) {
  Writer(file_).write({{"type", "a"}});
  Writer(file_).write({{"type", "b"}});
  EXPECT_EQ(text_of_file(), "{\"type\":\"a\"}\n{\"type\":\"b\"}\n");
}

}  // namespace
}  // namespace duelio::results
