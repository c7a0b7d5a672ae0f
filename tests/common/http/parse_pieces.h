#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/request_parser.h"

namespace duelio::http {

struct Verdict {
  Outcome outcome = Outcome::incomplete;
  Status error = Status::ok;
  std::string method;
  std::string target;
  std::uint64_t content_length = 0;
  bool keep_alive = false;
  bool http10 = false;
  bool expects_continue = false;
  std::size_t size = 0;

  bool operator==(const Verdict&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Verdict& v) {
  return out << "{outcome " << static_cast<int>(v.outcome) << ", error "
             << static_cast<int>(v.error) << ", '" << v.method << "' '" << v.target << "', length "
             << v.content_length << ", keep_alive " << v.keep_alive << ", http10 " << v.http10
             << ", continue " << v.expects_continue << ", size " << v.size << "}";
}

// What the parser makes of a head that arrives in these pieces.
inline Verdict parse_pieces(const std::vector<std::string_view>& pieces, const Limits& limits,
                            ScanPath path) {
  RequestParser parser(limits);
  std::size_t size = 0;
  std::string all;
  for (const std::string_view piece : pieces) {
    all += piece;
    size += piece.size();
    // A fresh block of exactly the size each time: a read beyond it, or a kept pointer, is caught.
    const auto block = std::make_unique<char[]>(size);
    std::copy(all.begin(), all.end(), block.get());
    const Outcome outcome = parser.parse({block.get(), size}, path);
    if (outcome == Outcome::rejected) return {.outcome = outcome, .error = parser.error()};
    if (outcome == Outcome::complete) {
      const RequestHead& head = parser.head();
      return {.outcome = outcome,
              .method = std::string(head.method),
              .target = std::string(head.target),
              .content_length = head.content_length,
              .keep_alive = head.keep_alive,
              .http10 = head.http10,
              .expects_continue = head.expects_continue,
              .size = parser.head_size()};
    }
  }
  return {};
}

}  // namespace duelio::http
