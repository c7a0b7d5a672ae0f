#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

// The values of the few fields that frame a message or steer the connection.
namespace duelio::http {

// Calls visit(element) for every non-empty element of a comma-separated list, blanks trimmed (RFC
// 9110 section 5.6.1). Quoted strings do not occur in the lists that the server reads.
template <class Visit>
void for_each_element(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view element = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    while (!element.empty() && (element.front() == ' ' || element.front() == '\t')) {
      element.remove_prefix(1);
    }
    while (!element.empty() && (element.back() == ' ' || element.back() == '\t')) {
      element.remove_suffix(1);
    }
    if (!element.empty()) visit(element);
  }
}

// ASCII case-insensitive comparison with a lower-case literal.
bool equals_ignoring_case(std::string_view text, std::string_view lower_case) noexcept;

// content-length, RFC 9110 section 8.6: digits only. A list of equal values counts as that value;
// an empty element, differing values, a sign or a value of 2^64 and more is false.
bool parse_content_length(std::string_view value, std::uint64_t& length) noexcept;

// A list of codings, RFC 9110 section 10.1.4, by its characters; empty is not allowed.
bool is_transfer_encoding(std::string_view value) noexcept;

}  // namespace duelio::http
