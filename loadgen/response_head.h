#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "loadgen/refusal.h"

namespace duelio::loadgen {

// What a response's head says of its framing and of its connection.
struct ResponseHead {
  enum class Body : std::uint8_t { none, length, chunked, until_close };
  int status = 0;
  Body body = Body::none;
  std::uint64_t length = 0;
  bool closes = false;  // no response follows on this connection

  bool is_interim() const noexcept { return status >= 100 && status < 200; }
};

inline constexpr std::size_t max_response_head = 64 * 1024;

// How far the search for the head's end has come, in bytes that are still there when more arrive.
struct HeadSearch {
  std::size_t line = 0;  // begin of the line that is not whole yet
};

// The size of the head with its empty line; 0 when that has not come, or when `refusal` says that
// no response begins like this. Finds the same whatever pieces the bytes arrive in.
std::size_t find_head_end(std::string_view bytes, HeadSearch& search, Refusal& refusal) noexcept;

// Pre: find_head_end() gave the size of `head`. False: `refusal` says why.
bool parse_response_head(std::string_view head, bool head_request, ResponseHead& parsed,
                         Refusal& refusal);

}  // namespace duelio::loadgen
