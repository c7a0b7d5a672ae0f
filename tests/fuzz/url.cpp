// The generator's URLs: each is refused with one line, or makes a request that our own parser
// takes.
#include "loadgen/url.h"

#include <stdexcept>

#include "common/http/request_parser.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duelio;
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const loadgen::Url url = loadgen::parse_url(text);
    if (url.host.empty() || url.port == 0) fuzz::fail("a URL without host or port");
    // A comma may stand in a host, but not at our servers (common/http/scan.h).
    if (url.host_field.find(',') != std::string::npos) return 0;
    const std::string request =
        "GET " + url.target + " HTTP/1.1\r\nhost: " + url.host_field + "\r\n\r\n";
    http::RequestParser parser({.head = request.size() + 1});
    if (parser.parse(request) != http::Outcome::complete || parser.head_size() != request.size())
      fuzz::fail(request);
  } catch (const std::invalid_argument& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos)
      fuzz::fail(error.what());
  }
  loadgen::without_user_info(text);
  return 0;
}
