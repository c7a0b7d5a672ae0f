// The generator's URLs: each is refused as a usage error of one line, or makes a request that our
// own parser takes.
#include <array>
#include <string>

#include "common/command_line.h"
#include "common/http/request_parser.h"
#include "loadgen/command_line.h"
#include "loadgen/requests.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duelio;
  const std::string url(reinterpret_cast<const char*>(data), size);
  try {
    const auto line =
        loadgen::parse_command_line(3, std::array{"duelio-loadgen", "--", url.c_str()}.data());
    if (!line) fuzz::fail("a URL was taken for a flag");
    const loadgen::Requests requests(line->options, 0, false);
    http::RequestParser parser({.head = requests.bytes().size() + 1});
    if (parser.parse(requests.bytes()) != http::Outcome::complete ||
        parser.head_size() != requests.bytes().size())
      fuzz::fail(requests.bytes());
  } catch (const cli::UsageError& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos)
      fuzz::fail(error.what());
  }
  return 0;
}
