#pragma once

#include <array>
#include <cstddef>
#include <string_view>

// The request-target (RFC 9112 section 3.2) and the path in it (RFC 3986 section 3.3).
namespace duelio::http {

// origin-form, absolute-form, or asterisk-form for OPTIONS. The caller has checked that it is not
// empty and that all its characters are scan::is_target, so that there is no fragment.
//
// An absolute-form target needs a scheme and a host (RFC 9110 section 4.2.1). User information
// before the host is passed over, as the host is: this server makes no use of either.
bool is_request_target(std::string_view method, std::string_view target) noexcept;

// The path of an origin- or absolute-form target as it was sent: it ends where the query begins.
// "/" where there is none (RFC 3986 section 6.2.3), "*" for the asterisk-form.
std::string_view path_of(std::string_view target) noexcept;

// A path's last segments as they were sent, without "." and ".." (RFC 3986 section 5.2.4), which
// may be percent-encoded. No memory, no limit of length: the path is read from its end.
struct Segments {
  static constexpr std::size_t most = 2;
  std::array<std::string_view, most> last;  // in the path's order, from index most - count
  std::size_t count = 0;                    // most + 1: there are more
};
Segments segments_of(std::string_view path) noexcept;

// Reads a segment character by character, percent-encoded unreserved ones (RFC 3986 section 2.3)
// decoded. Others are given as they are, from '%' on: an encoded slash is no slash. So is a percent
// sign that two hexadecimal digits do not follow.
class DecodedReader {
 public:
  explicit DecodedReader(std::string_view text) noexcept : text_(text) {}
  bool at_end() const noexcept { return text_.empty(); }
  char next() noexcept;  // pre: not at_end()

 private:
  std::string_view text_;
};

// Whether a segment is `text`, percent-encoded or not; `text` holds unreserved characters only.
bool is_equivalent(std::string_view segment, std::string_view text) noexcept;

}  // namespace duelio::http
