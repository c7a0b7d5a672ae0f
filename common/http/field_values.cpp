#include "common/http/field_values.h"

#include <algorithm>

#include "common/http/scan.h"

namespace duelio::http {
namespace {

constexpr bool is_coding_character(unsigned char c) {
  return scan::is_token(c) || c == ' ' || c == '\t' || c == ',' || c == ';' || c == '=' || c == '"';
}

}  // namespace

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) noexcept {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return a == b || (a >= 'A' && a <= 'Z' && a + 32 == b); });
}

bool parse_content_length(std::string_view value, std::uint64_t& length) noexcept {
  bool found = false;
  while (true) {
    const std::size_t comma = value.find(',');
    std::string_view digits = value.substr(0, comma);
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!digits.empty() && blank(digits.front())) digits.remove_prefix(1);
    while (!digits.empty() && blank(digits.back())) digits.remove_suffix(1);
    if (digits.empty()) return false;
    std::uint64_t number = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return false;
      if (__builtin_mul_overflow(number, 10U, &number) ||
          __builtin_add_overflow(number, static_cast<unsigned>(c - '0'), &number)) {
        return false;
      }
    }
    if (found && number != length) return false;
    length = number;
    found = true;
    if (comma == std::string_view::npos) return true;
    value.remove_prefix(comma + 1);
  }
}

bool is_transfer_encoding(std::string_view value) noexcept {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return scan::table<is_coding_character>[static_cast<unsigned char>(c)];
  });
}

bool is_request_target(std::string_view method, std::string_view target) noexcept {
  if (target.front() == '/') return true;
  if (target == "*") return method == "OPTIONS";
  // scheme ":" "//" authority, RFC 3986 section 3
  const std::size_t colon = target.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  const std::string_view rest = target.substr(colon);
  const bool scheme_ok =
      std::all_of(target.begin(), target.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '-' || c == '.';
      });
  return scheme_ok && rest.starts_with("://") && rest.size() > 3 && rest[3] != '/';
}

std::string_view path_of(std::string_view target) noexcept {
  if (target.front() != '/') {
    const std::size_t authority = target.find("://");
    if (authority == std::string_view::npos) return target;  // "*"
    const std::size_t slash = target.find('/', authority + 3);
    if (slash == std::string_view::npos) return "/";
    target.remove_prefix(slash);
  }
  return target.substr(0, target.find('?'));
}

}  // namespace duelio::http
