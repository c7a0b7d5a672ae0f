#pragma once

#include <functional>
#include <stdexcept>
#include <string_view>
#include <vector>

// What every tool has in common: its exit codes, one clear line for an error, and what its help
// opens with. Flags are read with common/command_line.h.
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

// Runs a tool's body and turns what it throws into one line on stderr and an exit code; so too when
// stdout took not everything (a full disk, a reader that went away from a tool that ignores
// SIGPIPE).
int run(const Tool& tool, const std::function<int()>& body);

// True when `fd` is a terminal that wants colour and live lines: NO_COLOR unset, TERM not "dumb".
bool is_rich_terminal(int fd);

}  // namespace duelio::cli
