#pragma once

#include <chrono>

#include <sys/ioctl.h>
#include <sys/socket.h>

#include "backends/support/arrivals.h"
#include "backends/support/worker.h"

// How every model stops: arrivals are refused and those before them served (support/arrivals.h),
// the listener is closed, and what was received is answered, for at most ServerConfig::drain_limit.
namespace duelio {

// When a step of a stop ends, whoever is left.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds length) noexcept
      : at_(std::chrono::steady_clock::now() + length) {}
  bool has_passed() const noexcept { return std::chrono::steady_clock::now() >= at_; }

 private:
  std::chrono::steady_clock::time_point at_;
};

// How often a stopping model looks at its sessions, in milliseconds.
inline constexpr int stop_interval_ms = 10;

// A session between requests ends, unless a request has just arrived: its model then receives the
// end of the stream, in its own way. Bytes that come after this are received before that.
inline void end_if_idle(int fd, bool is_idle) noexcept {
  int bytes = 0;
  if (is_idle && ::ioctl(fd, FIONREAD, &bytes) == 0 && bytes == 0) ::shutdown(fd, SHUT_RD);
}

// Whatever is under way on it fails or ends.
inline void give_up(int fd) noexcept {
  ::shutdown(fd, SHUT_RDWR);
}

// wait() is the model's hook: it serves what is ready, for at most stop_interval_ms.

// The first step: the model serves as usual, while nobody new arrives. It then closes the listener.
template <class Wait>
void settle(const ServerConfig& config, int listener, Wait wait) {
  refuse_arrivals(config, listener);
  for (const Deadline limit(settle_time(config)); !limit.has_passed();) wait();
}

// How drain() ends sessions that have a descriptor.
struct EndByDescriptor {
  template <class Session>
  void if_idle(Session& session) const noexcept {
    end_if_idle(session.fd(), session.connection.is_idle());
  }
  template <class Session>
  void now(Session& session) const noexcept {
    give_up(session.fd());
  }
};

// The last one. Returns when no session is left.
template <class Sessions, class Wait, class End = EndByDescriptor>
void drain(WorkerContext& context, Sessions& sessions, Wait wait, End end = {}) {
  sessions.for_each([](auto& session) { session.connection.begin_drain(); });
  bool too_late = false;
  for (const Deadline limit(context.config.drain_limit); !sessions.empty(); wait()) {
    const bool too_late_now = !too_late && limit.has_passed();
    too_late = too_late || too_late_now;
    sessions.for_each([&](auto& session) {
      if (too_late) {
        if (too_late_now) ++context.counters.drain_cut;
        end.now(session);
      } else {
        end.if_idle(session);
      }
    });
  }
}

}  // namespace duelio
