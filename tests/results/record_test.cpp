#include "results/record.h"

#include <cstdio>
#include <filesystem>

#include <gtest/gtest.h>

#include "results/verdict.h"
#include "tests/results/synthetic.h"

namespace duelio::results {
namespace {

class Record : public testing::Test {
 protected:
  results::Run load_text(const std::string& text) const {
    std::ofstream(file_, std::ios::binary) << text;
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
  void TearDown() override { std::filesystem::remove(file_); }

  const std::string file_ =
      testing::TempDir() + "record_test_" + std::to_string(::getpid()) + ".jsonl";
  const std::string text_ = test::to_text(test::synthetic_run({.rounds = 2}));
};

TEST_F(Record, LoadsWhatWasWritten) {
  const results::Run run = load_text(text_);
  EXPECT_EQ(run.slices.size(), 6U);
  EXPECT_TRUE(run.end);
  EXPECT_FALSE(run.truncated);
  EXPECT_EQ(complete_rounds(run).size(), 2U);
  const results::Run written = test::synthetic_run({.rounds = 2});
  for (std::size_t i = 0; i < run.slices.size(); ++i) {
    EXPECT_EQ(run.slices[i].entry, written.slices[i].entry);
    EXPECT_EQ(run.slices[i].role, written.slices[i].role);
    const double value = *written.slices[i].metric("open", "server_cpu_per_request_ns");
    EXPECT_NEAR(*run.slices[i].metric("open", "server_cpu_per_request_ns"), value, 1e-9 * value);
  }
}

TEST_F(Record, LoadsWhenCutOffAnywhereBehindTheManifest) {
  const std::size_t manifest = text_.find('\n') + 1;
  for (std::size_t size = manifest; size < text_.size(); size += 997) {
    const results::Run run = load_text(text_.substr(0, size));
    EXPECT_FALSE(run.end);
    EXPECT_EQ(run.truncated, text_[size - 1] != '\n');
  }
}

TEST_F(Record, NamesTheLineAndWhatIsWrong) {
  EXPECT_EQ(complaint("").substr(0, 3), ":1:");
  EXPECT_EQ(complaint(text_.substr(0, 20)).substr(0, 3), ":1:");
  EXPECT_EQ(complaint("{\"type\":\"slice\"}\n").substr(0, 3), ":1:");
  std::string foreign = text_;
  foreign.replace(foreign.find("duelio/1"), 8, "duelio/9");
  EXPECT_NE(complaint(foreign).find("duelio/9"), std::string::npos);
  std::string broken = text_;
  broken[text_.find('\n') + 1] = '?';
  EXPECT_EQ(complaint(broken).substr(0, 3), ":2:");
  EXPECT_EQ(complaint(text_ + "{\"type\":\"end\",\"finished\":false}\n").substr(0, 3), ":9:");
  EXPECT_EQ(complaint(text_ + "{\"type\":\"poem\"}\n").substr(0, 4), ":9:" + std::string(" "));
}

TEST_F(Record, WriterAppendsWholeLines) {
  std::filesystem::remove(file_);
  Writer(file_).write({{"type", "a"}});
  Writer(file_).write({{"type", "b"}});
  std::ifstream stream(file_);
  std::string first;
  std::string second;
  std::getline(stream, first);
  std::getline(stream, second);
  EXPECT_EQ(first, R"({"type":"a"})");
  EXPECT_EQ(second, R"({"type":"b"})");
}

}  // namespace
}  // namespace duelio::results
