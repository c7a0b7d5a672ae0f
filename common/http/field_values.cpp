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

}  // namespace duelio::http
