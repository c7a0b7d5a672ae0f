#include "loadgen/refusal.h"

namespace duelio::loadgen {

std::string_view describe(Flaw flaw) noexcept {
  switch (flaw) {
    case Flaw::none:
      return "nothing";
    case Flaw::no_http:
      return "the response does not begin with HTTP/";
    case Flaw::version:
      return "an HTTP version that is not 1.0 or 1.1";
    case Flaw::status_code:
      return "a status code that is not three digits";
    case Flaw::switching:
      return "status 101, though no request asked to switch protocols";
    case Flaw::line_feed_in_status_line:
      return "line feed without carriage return in the status line";
    case Flaw::carriage_return_in_status_line:
      return "carriage return without line feed in the status line";
    case Flaw::nul_in_head:
      return "NUL in the head";
    case Flaw::head_size:
      return "a head longer than 64 KiB";
    case Flaw::line_feed_in_field:
      return "line feed without carriage return in a field line";
    case Flaw::carriage_return_in_field:
      return "carriage return without line feed in a field line";
    case Flaw::blank_before_field:
      return "a blank before the first field";
    case Flaw::no_colon:
      return "a field line without a colon";
    case Flaw::field_name:
      return "a field name that is not a token";
    case Flaw::content_length:
      return "a content-length that is not a number";
    case Flaw::content_lengths:
      return "two content-lengths that differ";
    case Flaw::chunked_twice:
      return "a transfer-encoding that applies chunked twice";
    case Flaw::chunked_parameters:
      return "a transfer-encoding that gives chunked parameters";
    case Flaw::chunk_size:
      return "a chunk size that is not a hexadecimal number";
    case Flaw::chunk_size_range:
      return "a chunk size of 2^64 or more";
    case Flaw::chunk_line_character:
      return "a character behind the chunk size that begins no extension";
    case Flaw::line_feed_in_chunk_line:
      return "line feed without carriage return in a chunk line";
    case Flaw::carriage_return_in_chunk_line:
      return "carriage return without line feed in a chunk line";
    case Flaw::chunk_line_size:
      return "a chunk line longer than 16 KiB";
    case Flaw::chunk_end:
      return "chunk data that does not end with CR LF where its size says";
    case Flaw::line_feed_in_trailers:
      return "line feed without carriage return in the trailer section";
    case Flaw::carriage_return_in_trailers:
      return "carriage return without line feed in the trailer section";
    case Flaw::trailer_field:
      return "a trailer line that is not a field";
    case Flaw::trailers_size:
      return "a trailer section longer than 64 KiB";
  }
  return "nothing";
}

}  // namespace duelio::loadgen
