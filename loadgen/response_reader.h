#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "loadgen/chunked_body.h"
#include "loadgen/refusal.h"
#include "loadgen/response_head.h"

namespace duelio::loadgen {

// An answer that was read and checked in full. The next one is often the same to the byte (its date
// changes once a second): comparing all its bytes is then the check, and cheaper than reading it
// anew. One a thread.
class LastAnswer {
 public:
  std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }
  void keep(std::string_view whole, int status) noexcept;
  int status() const noexcept { return status_; }

 private:
  std::array<char, 1024> bytes_{};
  std::size_t size_ = 0;
  int status_ = 0;
};

// What `--verify-body` holds bodies against: the workload vocabulary's answer to a target.
class ExpectedBody {
 public:
  explicit ExpectedBody(std::string_view target) noexcept;
  std::uint64_t size() const noexcept { return size_; }
  // Whether `piece` may stand at `offset`. Pre: it ends within size().
  bool holds(std::uint64_t offset, std::string_view piece) const noexcept;

 private:
  bool is_pattern_ = false;
  std::uint64_t size_ = 0;
};

// Finds where each response on a connection ends, and what status it has, by RFC 9112 section 6.3:
// by its content-length, chunked, by the end of the stream, or without a body (HEAD, 204, 304).
// Interim responses (1xx) are passed over. Resumable.
class ResponseReader {
 public:
  enum class Outcome : std::uint8_t { incomplete, complete, malformed };
  struct Result {
    Outcome outcome;
    std::size_t used;  // bytes of the input that belong to this response
  };

  // At most one response. Pre: bytes is not empty. `expected` may be null: any body will do.
  Result read(std::string_view bytes, LastAnswer& last, bool head_request,
              const ExpectedBody* expected = nullptr);

  // The stream has ended: complete when that is what ends this response.
  Outcome end(bool head_request, const ExpectedBody* expected = nullptr) noexcept;

  // After complete.
  int status() const noexcept { return status_; }
  bool body_is_good() const noexcept { return body_is_good_; }
  bool closes() const noexcept { return closes_; }  // no response follows: section 9.3

  // After malformed.
  const Refusal& refusal() const noexcept { return refusal_; }

  // True when part of a response has arrived, or an interim one.
  bool in_answer() const noexcept { return in_body_ || had_interim_ || !head_bytes_.empty(); }

 private:
  using Body = ResponseHead::Body;

  bool read_head(std::string_view bytes, std::size_t& used, bool head_request);
  bool read_body(std::string_view bytes, std::size_t& used, const ExpectedBody* expected);
  void take(std::string_view piece, const ExpectedBody* expected) noexcept;
  void finish(const ExpectedBody* expected) noexcept;

  std::string head_bytes_;  // of a response whose head arrives in pieces
  HeadSearch search_;
  ResponseHead head_;
  ChunkedBody chunks_;
  Refusal refusal_;
  std::uint64_t consumed_ = 0;  // of the response, before the bytes at hand
  std::uint64_t body_size_ = 0;
  int status_ = 0;
  bool closes_ = false;
  bool in_body_ = false;
  bool had_interim_ = false;
  bool body_is_good_ = true;
};

}  // namespace duelio::loadgen
