#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

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

// Finds where each answer on a connection ends (RFC 9112 section 6: by its content-length, or
// without body for HEAD, 1xx, 204 and 304) and what status it has. Interim answers (1xx) are
// skipped. Resumable.
class ResponseReader {
 public:
  enum class Outcome : std::uint8_t { incomplete, complete, malformed };
  struct Result {
    Outcome outcome;
    std::size_t used;  // bytes of the input that belong to this answer
  };

  // At most one answer. Pre: bytes is not empty. `expected` may be null: any body will do.
  Result read(std::string_view bytes, LastAnswer& last, bool head_request,
              const ExpectedBody* expected = nullptr);

  // After complete.
  int status() const noexcept { return status_; }
  bool body_is_good() const noexcept { return body_is_good_; }
  bool closes() const noexcept {
    return closes_;
  }  // `connection: close`, or HTTP/1.0 without keep-alive

  // True when part of an answer has arrived.
  bool in_answer() const noexcept { return in_body_ || !head_.empty(); }

 private:
  static constexpr std::size_t max_head = 16 * 1024;

  bool parse_head(std::string_view head, bool head_request);
  void check_body(const ExpectedBody* expected, bool head_request, std::string_view piece) noexcept;

  std::string head_;  // of an answer whose head arrived in pieces
  std::uint64_t body_size_ = 0;
  std::uint64_t body_left_ = 0;
  int status_ = 0;
  bool closes_ = false;
  bool in_body_ = false;
  bool body_is_good_ = true;
};

}  // namespace duelio::loadgen
