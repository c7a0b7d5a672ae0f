#pragma once

#include <string>
#include <string_view>

namespace duelio::loadgen {

// A field that each request has.
struct Header {
  std::string name;
  std::string value;
};

// "name: value", RFC 9110 section 5. Throws std::invalid_argument whose what() says what is wrong,
// also with fields that frame the request, which are the generator's own.
Header parse_header(std::string_view text);

// For records and messages: without the value where that may be a secret.
std::string shown(const Header& header);

}  // namespace duelio::loadgen
