#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace duelio::loadgen {

// What of an http URL (RFC 3986) a client needs.
struct Url {
  std::string host;        // to look up: an IPv6 address without its brackets, with its zone
  std::string host_field;  // RFC 9110 section 7.2: without the zone, and without the default port
  std::uint16_t port = 80;
  std::string target;  // path and query, as they stand in the URL; the fragment is not sent
};

// Throws std::invalid_argument whose what() says what is wrong ("has port '0', which is not between
// 1 and 65535").
Url parse_url(std::string_view text);

// For messages: a URL without the user and password that it may have.
std::string without_user_info(std::string_view text);

}  // namespace duelio::loadgen
