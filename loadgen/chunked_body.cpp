#include "loadgen/chunked_body.h"

#include "common/http/scan.h"

namespace duelio::loadgen {
namespace {

constexpr std::size_t max_chunk_line = 16 * 1024;
constexpr std::size_t max_trailers = 64 * 1024;

}  // namespace

Flaw ChunkedBody::step(char c) noexcept {
  switch (state_) {
    case State::data_cr:
      if (c != '\r') return Flaw::chunk_end;
      state_ = State::data_lf;
      return Flaw::none;
    case State::data_lf:
      if (c != '\n') return Flaw::chunk_end;
      state_ = State::size_begin;
      line_size_ = 0;
      return Flaw::none;
    case State::size_begin:
    case State::size:
    case State::blank:
    case State::extension:
    case State::size_lf:
      return step_in_chunk_line(c);
    default:
      return step_in_trailers(c);
  }
}

// chunk = chunk-size [ chunk-ext ] CRLF. Blanks may stand before the semicolon of an extension, and
// some servers pad the size with them.
Flaw ChunkedBody::step_in_chunk_line(char c) noexcept {
  if (++line_size_ > max_chunk_line) return Flaw::chunk_line_size;
  if (state_ == State::size_lf) {
    if (c != '\n') return Flaw::carriage_return_in_chunk_line;
    line_size_ = 0;
    state_ = left_ > 0 ? State::data : State::trailer_begin;
    has_trailer_ = false;
    return Flaw::none;
  }
  if (state_ == State::size_begin || state_ == State::size) {
    if (const int digit = http::scan::hex_value(c); digit >= 0) {
      if (left_ >> 60U != 0) return Flaw::chunk_size_range;
      left_ = left_ * 16 + static_cast<unsigned>(digit);
      state_ = State::size;
      return Flaw::none;
    }
    if (state_ == State::size_begin) return Flaw::chunk_size;
  }
  if (c == '\r') {
    state_ = State::size_lf;
  } else if (c == '\n') {
    return Flaw::line_feed_in_chunk_line;
  } else if (state_ != State::extension) {
    if (c == ';') {
      state_ = State::extension;
    } else if (c == ' ' || c == '\t') {
      state_ = State::blank;
    } else {
      return Flaw::chunk_line_character;
    }
  } else if (!http::scan::is_value(static_cast<unsigned char>(c))) {
    return Flaw::chunk_line_character;
  }
  return Flaw::none;
}

// trailer-section = *( field-line CRLF ), then the empty line.
Flaw ChunkedBody::step_in_trailers(char c) noexcept {
  if (++line_size_ > max_trailers) return Flaw::trailers_size;
  if (state_ == State::trailer_lf || state_ == State::end_lf) {
    if (c != '\n') return Flaw::carriage_return_in_trailers;
    state_ = state_ == State::end_lf ? State::done : State::trailer_begin;
    return Flaw::none;
  }
  if (c == '\n') return Flaw::line_feed_in_trailers;
  if (state_ == State::trailer_value) {
    if (c == '\r') state_ = State::trailer_lf;
    return c == '\0' ? Flaw::trailer_field : Flaw::none;
  }
  const bool first = state_ == State::trailer_begin;
  if (first && c == '\r') {
    state_ = State::end_lf;
  } else if (first ? has_trailer_ && (c == ' ' || c == '\t') : c == ':') {  // obs-fold, section 5.2
    state_ = State::trailer_value;
  } else if (http::scan::is_token(static_cast<unsigned char>(c))) {
    state_ = State::trailer_name;
    has_trailer_ = true;
  } else {
    return Flaw::trailer_field;
  }
  return Flaw::none;
}

}  // namespace duelio::loadgen
