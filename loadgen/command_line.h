#pragma once

#include <optional>
#include <string>

#include "common/cli.h"
#include "loadgen/options.h"
#include "loadgen/search.h"

namespace duelio::loadgen {

struct CommandLine {
  Options options;
  std::optional<Objective> find_max_rate;
  bool control = false;
  std::string json;  // a file, "-" for stdout, empty for none
  std::string histogram;
  bool phases = false;
};

extern const cli::Tool tool;

// nullopt when --help or --version was answered. Throws cli::UsageError.
std::optional<CommandLine> parse_command_line(int argc, const char* const* argv);

}  // namespace duelio::loadgen
