#include "loadgen/header.h"

#include <algorithm>
#include <stdexcept>

#include "common/http/field_values.h"
#include "common/http/scan.h"

namespace duelio::loadgen {

Header parse_header(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos)
    throw std::invalid_argument("has no colon; it reads 'name: value'");
  const std::string_view name = text.substr(0, colon);
  std::string_view value = text.substr(colon + 1);
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
  if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) {
        return http::scan::is_token(static_cast<unsigned char>(c));
      }))
    throw std::invalid_argument("has a name that is not a token (RFC 9110 section 5.6.2)");
  if (value.find_first_of("\r\n") != std::string_view::npos)
    throw std::invalid_argument("has a line end in its value");
  if (!std::all_of(value.begin(), value.end(),
                   [](char c) { return http::scan::is_value(static_cast<unsigned char>(c)); }))
    throw std::invalid_argument("has a control character in its value");
  for (const std::string_view own : {"content-length", "transfer-encoding"}) {
    if (http::equals_ignoring_case(name, own))
      throw std::invalid_argument("is what the generator itself says of the body");
  }
  if (http::equals_ignoring_case(name, "host") &&
      !std::all_of(value.begin(), value.end(),
                   [](char c) { return http::scan::is_host(static_cast<unsigned char>(c)); }))
    throw std::invalid_argument("has a value that is not a host and its port");
  return {std::string(name), std::string(value)};
}

std::string shown(const Header& header) {
  for (const std::string_view secret : {"authorization", "proxy-authorization", "cookie"}) {
    if (http::equals_ignoring_case(header.name, secret)) return header.name + ": ...";
  }
  return header.name + ": " + header.value;
}

}  // namespace duelio::loadgen
