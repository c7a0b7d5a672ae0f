#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include <boost/program_options.hpp>

#include "common/cli.h"

// Reading flags: for the one source of a tool that does it, since Program_options costs every
// source that sees it seconds.
namespace duelio::cli {

// Parses argv. --help and --version are added, answered on stdout, and yield nullopt (exit 0).
// Throws UsageError. Flags cannot be abbreviated: a script must not change meaning when a flag is
// added.
std::optional<boost::program_options::variables_map> parse(
    const Tool& tool, int argc, const char* const* argv,
    boost::program_options::options_description options,
    const boost::program_options::positional_options_description& positional = {});

// The value of --flag, read with one of the parse_* functions of common/units.h. Throws UsageError
// "--flag 'text' <what is wrong>".
template <class Parse>
auto value(const boost::program_options::variables_map& values, const std::string& flag,
           Parse parse) {
  const auto& text = values[flag].as<std::string>();
  try {
    return parse(text);
  } catch (const std::invalid_argument& error) {
    throw UsageError("--" + flag + " '" + text + "' " + error.what());
  }
}

}  // namespace duelio::cli
