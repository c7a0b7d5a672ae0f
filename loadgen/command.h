#pragma once

#include <map>
#include <string>
#include <string_view>

#include "loadgen/window.h"

namespace duelio::loadgen {

// "window rate=20k length=25ms": a word, and what it is told. What is wrong with it is thrown as
// std::invalid_argument, here and below.
struct Command {
  std::string name;
  std::map<std::string, std::string> values;
};
Command parse_command(std::string_view line);

void expect_no_values(const Command& command);
Window parse_window(const Command& command, const Options& options);

}  // namespace duelio::loadgen
