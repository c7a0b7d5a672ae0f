#include "common/command_line.h"

#include <iostream>
#include <string_view>
#include <vector>

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

// Words that belong to no flag, in their order.
std::vector<std::string> words_of(int argc, const char* const* argv,
                                  const po::options_description& options) {
  using namespace po::command_line_style;
  std::vector<std::string> words;
  const auto parsed = po::command_line_parser(argc, argv)
                          .options(options)
                          .style(unix_style & ~allow_guessing)
                          .run();
  for (const po::option& option : parsed.options) {
    if (option.position_key < 0) continue;
    words.insert(words.end(), option.value.begin(), option.value.end());
  }
  return words;
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
  } catch (const po::too_many_positional_options_error&) {
    const auto words = words_of(argc, argv, options);
    const std::size_t allowed = positional.max_total_count();
    const std::string word = allowed < words.size() ? " '" + words[allowed] + "'" : "";
    throw UsageError("unexpected argument" + word + " (of no flag); see --help");
  } catch (const po::error& error) {
    throw UsageError(std::string(error.what()) + "; see --help");
  }
  return values;
}

}  // namespace duelio::cli
