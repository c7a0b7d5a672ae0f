#pragma once

#include <cstdint>
#include <string_view>

namespace duelio::loadgen {

// Why what a server sent cannot be read as a response (RFC 9112).
enum class Flaw : std::uint8_t {
  none,
  no_http,
  version,
  status_code,
  switching,
  line_feed_in_status_line,
  carriage_return_in_status_line,
  nul_in_head,
  head_size,
  line_feed_in_field,
  carriage_return_in_field,
  blank_before_field,
  no_colon,
  field_name,
  content_length,
  content_lengths,
  chunked_twice,
  chunked_parameters,
  chunk_size,
  chunk_size_range,
  chunk_line_character,
  line_feed_in_chunk_line,
  carriage_return_in_chunk_line,
  chunk_line_size,
  chunk_end,
  line_feed_in_trailers,
  carriage_return_in_trailers,
  trailer_field,
  trailers_size,
};

// "line feed without carriage return in the status line"
std::string_view describe(Flaw flaw) noexcept;

struct Refusal {
  Flaw flaw = Flaw::none;
  std::uint64_t byte = 0;  // of the response, the first of which is 0
};

}  // namespace duelio::loadgen
