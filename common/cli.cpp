#include "common/cli.h"

#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>

#include <unistd.h>

namespace duelio::cli {

namespace {

// A message may quote what was typed or read, which may have line ends in it.
void say(const Tool& tool, std::string message) {
  for (char& c : message) {
    if ((c >= 0 && c < ' ') || c == 0x7f) c = '?';
  }
  std::cerr << tool.name << ": " << message << '\n';
}

}  // namespace

int run(const Tool& tool, const std::function<int()>& body) {
  try {
    const int code = body();
    if (!std::cout.flush()) throw std::runtime_error("write stdout failed");
    return code;
  } catch (const UsageError& error) {
    say(tool, error.what());
    return exit_usage;
  } catch (const std::exception& error) {
    say(tool, error.what());
    return exit_failure;
  }
}

bool is_rich_terminal(int fd) {
  if (isatty(fd) == 0) return false;
  const char* const no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;  // https://no-color.org
  const char* const term = std::getenv("TERM");
  return term != nullptr && std::strcmp(term, "dumb") != 0;
}

}  // namespace duelio::cli
