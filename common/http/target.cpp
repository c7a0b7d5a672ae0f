#include "common/http/target.h"

#include <algorithm>

#include "common/http/scan.h"

namespace duelio::http {
namespace {

constexpr bool is_alpha(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

constexpr bool is_unreserved(char c) noexcept {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// The part between "//" and the path or query, RFC 3986 section 3.2.
std::string_view authority_of(std::string_view rest) noexcept {
  return rest.substr(0, rest.find_first_of("/?"));
}

bool has_host(std::string_view authority) noexcept {
  authority.remove_prefix(authority.rfind('@') + 1);  // none: npos + 1 is 0
  return !authority.empty() && authority.front() != ':';
}

}  // namespace

bool is_request_target(std::string_view method, std::string_view target) noexcept {
  if (target.front() == '/') return true;
  if (target == "*") return method == "OPTIONS";
  const std::size_t colon = target.find(':');
  if (colon == std::string_view::npos || !is_alpha(target.front())) return false;
  const std::string_view scheme = target.substr(0, colon);
  const std::string_view rest = target.substr(colon + 1);
  const auto scheme_character = [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  };
  return std::all_of(scheme.begin(), scheme.end(), scheme_character) && rest.starts_with("//") &&
         has_host(authority_of(rest.substr(2)));
}

std::string_view path_of(std::string_view target) noexcept {
  if (target.front() != '/') {
    const std::size_t colon = target.find("://");
    if (colon == std::string_view::npos) return target;  // "*"
    target.remove_prefix(colon + 3);
    target.remove_prefix(authority_of(target).size());
    if (target.empty() || target.front() == '?') return "/";
  }
  return target.substr(0, target.find('?'));
}

Segments segments_of(std::string_view path) noexcept {
  Segments found;
  const auto keep = [&found](std::string_view segment) {
    if (found.count < Segments::most) found.last[Segments::most - 1 - found.count] = segment;
    if (found.count <= Segments::most) ++found.count;
  };
  std::size_t to_skip = 0;  // segments that a later ".." takes away
  bool at_end = true;
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::string_view segment = path.substr(slash + 1);  // no slash: npos + 1 is 0
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
    const bool up = is_equivalent(segment, "..");
    if (up || is_equivalent(segment, ".")) {
      if (at_end) keep({});  // "/a/." is the folder "/a/"
      to_skip += up ? 1 : 0;
    } else if (to_skip > 0) {
      --to_skip;
    } else {
      keep(segment);
    }
    at_end = false;
  }
  return found;
}

char DecodedReader::next() noexcept {
  const char c = text_.front();
  if (c == '%' && text_.size() >= 3) {
    const int high = scan::hex_value(text_[1]);
    const int low = scan::hex_value(text_[2]);
    const char decoded = static_cast<char>(high * 16 + low);
    if (high >= 0 && low >= 0 && is_unreserved(decoded)) {
      text_.remove_prefix(3);
      return decoded;
    }
  }
  text_.remove_prefix(1);
  return c;
}

bool is_equivalent(std::string_view segment, std::string_view text) noexcept {
  DecodedReader reader(segment);
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return !reader.at_end() && reader.next() == c; }) &&
         reader.at_end();
}

}  // namespace duelio::http
