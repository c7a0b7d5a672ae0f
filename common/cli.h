#pragma once

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/program_options.hpp>

// What every tool's command line has in common: help that opens with examples, --version, one clear
// line for an error, and the exit codes.
namespace duelio::cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1;        // a run-time failure
inline constexpr int exit_usage = 2;          // an unknown flag, a bad value, nothing to do
inline constexpr int exit_interrupted = 130;  // 128 + SIGINT, as a shell reports it

// A mistake of the caller; what() names the flag and the value.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Tool {
  std::string_view name;      // "duelio-server"
  std::string_view summary;   // one sentence
  std::string_view synopsis;  // "[options] URL"
  std::vector<std::string_view> examples;
};

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

// Runs a tool's body and turns what it throws into one line on stderr and an exit code; so too when
// stdout took not everything (a full disk, a reader that went away from a tool that ignores
// SIGPIPE).
int run(const Tool& tool, const std::function<int()>& body);

// True when `fd` is a terminal that wants colour and live lines: NO_COLOR unset, TERM not "dumb".
bool is_rich_terminal(int fd);

}  // namespace duelio::cli
