#include "common/cli.h"

#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <sstream>

#include <unistd.h>

#include "common/version.h"

namespace duelio::cli {

namespace po = boost::program_options;

namespace {

void print_help(const Tool& tool, const po::options_description& options) {
  std::cout << "Examples:\n";
  for (const std::string_view example : tool.examples) std::cout << "  " << example << '\n';
  std::cout << "\nUsage: " << tool.name << ' ' << tool.synopsis << "\n\n"
            << tool.summary << "\n\n"
            << options;
}

void print_version(const Tool& tool) {
  const BuildInfo& build = build_info();
  std::cout << tool.name << ' ' << build.version << " (" << build.revision << ")\n"
            << "preset    " << build.preset << '\n'
            << "compiler  " << build.compiler << '\n'
            << "flags     " << build.flags << '\n'
            << "boost     " << build.boost << '\n';
}

}  // namespace

std::optional<po::variables_map> parse(const Tool& tool, int argc, const char* const* argv,
                                       po::options_description options,
                                       const po::positional_options_description& positional) {
  options.add_options()("help,h", "print this help and exit")(
      "version", "print version, revision, compiler and libraries, and exit");
  // Positional arguments are options without a description for the help text.
  po::options_description all = options;
  for (unsigned i = 0; i < positional.max_total_count() && i < 1; ++i) {
    all.add_options()(positional.name_for_position(i).c_str(),
                      po::value<std::vector<std::string>>());
  }
  po::variables_map values;
  try {
    using namespace po::command_line_style;
    po::store(po::command_line_parser(argc, argv)
                  .options(all)
                  .positional(positional)
                  .style(unix_style & ~allow_guessing)
                  .run(),
              values);
    if (values.contains("help")) {
      print_help(tool, options);
      return std::nullopt;
    }
    if (values.contains("version")) {
      print_version(tool);
      return std::nullopt;
    }
    po::notify(values);
  } catch (const po::error& error) {
    throw UsageError(std::string(error.what()) + "; see --help");
  }
  return values;
}

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
