#include "common/cli.h"

#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>

#include <unistd.h>

namespace duelio::cli {

int run(const Tool& tool, const std::function<int()>& body) {
  try {
    const int code = body();
    if (!std::cout.flush()) throw std::runtime_error("write stdout failed");
    return code;
  } catch (const UsageError& error) {
    std::cerr << tool.name << ": " << error.what() << '\n';
    return exit_usage;
  } catch (const std::exception& error) {
    std::cerr << tool.name << ": " << error.what() << '\n';
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
