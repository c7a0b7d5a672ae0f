#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/http/date_clock.h"
#include "common/http/request_parser.h"

namespace duelio::http {

// Why a connection's answer says what it says about persistence (RFC 9112 section 9.3).
enum class Persistence : std::uint8_t {
  implied,    // an HTTP/1.1 connection that goes on: nothing to say
  announced,  // an HTTP/1.0 connection that goes on: `connection: keep-alive`
  closing,    // `connection: close`
};

// What one worker thread lends to the connections that it drives: limits, answers that carry the
// current date, and scratch buffers, so that an idle connection owns none. Used by one thread at a
// time.
class Workspace {
 public:
  // Bytes asked for in one receive, and the high-water mark of queued answers: the same for every
  // backend.
  static constexpr std::size_t receive_size = 16 * 1024;
  static constexpr std::size_t send_size = 16 * 1024;
  static constexpr std::size_t max_answer_head = 256;

  // `clock` must outlive the workspace.
  Workspace(const Limits& limits, const DateClock& clock);

  const Limits& limits() const noexcept { return limits_; }

  // The whole answer to GET / on a persistent connection.
  std::string_view hello() noexcept {
    if (clock_->version() != date_version_) refresh();
    return {hello_.data(), hello_size_};
  }

  // Writes status line and fields to `to` (max_answer_head bytes of room) and returns their size.
  std::size_t write_head(char* to, Status status, std::string_view content_type,
                         std::uint64_t content_length, Persistence persistence) noexcept;

  std::span<char, receive_size> receive_buffer() noexcept { return receive_; }
  std::span<char, send_size> send_buffer() noexcept { return send_; }

  // Requests answered as the workload says, and requests refused with 4xx or 5xx.
  std::uint64_t requests = 0;
  std::uint64_t rejections = 0;

 private:
  void refresh() noexcept;

  Limits limits_;
  const DateClock* clock_;
  std::uint32_t date_version_ = 1;  // odd: never a version of the clock
  DateClock::Text date_{};
  std::size_t hello_size_ = 0;
  std::array<char, max_answer_head> hello_{};
  std::array<char, receive_size> receive_;
  std::array<char, send_size> send_;
};

}  // namespace duelio::http
