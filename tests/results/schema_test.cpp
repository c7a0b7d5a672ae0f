#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/results/synthetic.h"

namespace duelio::results {
namespace {

namespace json = boost::json;

using Names = std::set<std::string>;

class Schema : public testing::Test {
 protected:
  // Each object's fields, there and in the schema: a field that is added to a record has to be
  // described, and one that is described has to be written.
  void expect_same_fields(const std::string& path, const json::value& value,
                          const json::value& schema) {
    if (const json::value* const reference = schema.as_object().if_contains("$ref")) {
      const auto name = json::value_to<std::string>(*reference).substr(sizeof("#/$defs/") - 1);
      return expect_same_fields(path, value, defs_.at(name));
    }
    if (value.is_array() && schema.as_object().contains("items") &&
        schema.at("items").is_object()) {
      for (const json::value& each : value.get_array())
        expect_same_fields(path + "[]", each, schema.at("items"));
    }
    if (!value.is_object()) return;
    Names written;
    for (const auto& [key, inner] : value.get_object()) written.insert(key);
    Names described;
    Names required = json::value_to<Names>(schema.at("required"));
    for (const auto& [key, inner] : schema.at("properties").as_object()) {
      described.insert(key);
      const json::value* const about = inner.as_object().if_contains("description");
      if (about != nullptr &&
          about->as_string().find("absent in older files") != std::string::npos) {
        EXPECT_FALSE(required.contains(key)) << path << "." << key;
        required.insert(key);
      }
    }
    EXPECT_EQ(written, described) << path;
    EXPECT_EQ(described, required) << path;
    for (const auto& [key, inner] : value.get_object()) {
      if (described.contains(key))
        expect_same_fields(path + "." + std::string(key), inner, schema.at("properties").at(key));
    }
  }

  void SetUp() override {
    std::ostringstream text;
    text << std::ifstream(DUELIO_RESULTS_SCHEMA).rdbuf();
    defs_ = json::parse(text.str()).at("$defs").as_object();
  }

  json::object defs_;
};

TEST_F(Schema, DescribesEveryFieldThatIsWritten) {
  results::Run run = test::synthetic_run({.blocks = 1, .turns = 1});
  run.windows[0].failures = {{"reset", 104, 2}};
  run.end->left_out = {{"candidate", "EMFILE"}};
  run.blocks[0].left_out = run.end->left_out;
  run.blocks[0].lanes[0].threads.emplace(2);
  run.manifest.machine.details.emplace();
  run.manifest.machine.costs.emplace();
  run.manifest.build.executables.emplace();
  expect_same_fields("manifest", to_line(run.manifest), defs_.at("manifest"));
  expect_same_fields("window", to_line(run.windows[0]), defs_.at("window"));
  expect_same_fields("profile", to_line(Profile{.frames = {"kernel`a"}, .stacks = {{1, 0}}}),
                     defs_.at("profile"));
  expect_same_fields("block", to_line(run.blocks[0]), defs_.at("block"));
  expect_same_fields("verdict", to_line(Verdict{}), defs_.at("verdict"));
  expect_same_fields("end", to_line(*run.end), defs_.at("end"));
}

}  // namespace
}  // namespace duelio::results
