#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include <sys/socket.h>
#include <sys/time.h>

#include "backends/support/session.h"
#include "common/http/deadlines.h"

namespace duelio {

// Deadlines of a session whose socket blocks: SO_RCVTIMEO and SO_SNDTIMEO (socket(7)). Without them
// nothing is asked of it.
class SocketTimeouts {
 public:
  SocketTimeouts(Session& session, const std::optional<http::Deadlines>& lengths)
      : session_(session), lengths_(lengths) {
    if (lengths_) set(SO_SNDTIMEO, std::chrono::microseconds(lengths_->write) / write_slices);
  }

  // Receives in time, or tells the connection.
  void receive(Counters& counters) {
    if ((lengths_ && !set_receive_timeout()) ||
        session_.receive(counters) == Session::Received::nothing) {
      session_.connection.expire();
    }
  }

  void send(Counters& counters) {
    const std::uint32_t before = session_.connection.progress();
    session_.send(counters);
    if (session_.connection.progress() != before) {
      slices_ = 0;
    } else if (lengths_ && session_.connection.want() == http::Want::write &&
               ++slices_ >= write_slices) {
      session_.connection.expire();
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  // The kernel's time is that of a call, also of one that sent a part before it had to wait; so it
  // is a slice, and as many of them in a row without a byte are the deadline.
  static constexpr int write_slices = 32;

  // The whole length where its time begins, which costs a call only when the length is another;
  // else what is left of it. False when nothing is: also of a peer that always sends in time.
  bool set_receive_timeout() {
    const http::Phase phase = session_.connection.phase();
    const std::uint32_t progress = session_.connection.progress();
    const Clock::time_point now = Clock::now();
    std::chrono::milliseconds left = lengths_->length(phase);
    if (is_waiting_ && phase == phase_ && progress == progress_) {
      left = std::chrono::ceil<std::chrono::milliseconds>(due_ - now);
    } else {
      due_ = now + left;
    }
    is_waiting_ = true;
    phase_ = phase;
    progress_ = progress;
    if (left.count() <= 0) return false;
    if (left != receive_timeout_) set(SO_RCVTIMEO, left);
    receive_timeout_ = left;
    return true;
  }

  void set(int option, std::chrono::microseconds timeout) const noexcept {
    const std::int64_t us = std::max<std::int64_t>(timeout.count(), 1);  // 0 is none
    const timeval value{.tv_sec = us / 1'000'000, .tv_usec = us % 1'000'000};
    ::setsockopt(session_.fd(), SOL_SOCKET, option, &value, sizeof value);
  }

  Session& session_;
  const std::optional<http::Deadlines>& lengths_;
  Clock::time_point due_;
  std::chrono::milliseconds receive_timeout_{-1};
  std::uint32_t progress_ = 0;
  http::Phase phase_ = http::Phase::idle;
  bool is_waiting_ = false;
  int slices_ = 0;
};

}  // namespace duelio
