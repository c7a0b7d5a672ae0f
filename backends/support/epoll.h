#pragma once

#include <array>
#include <cerrno>
#include <cstdint>

#include <sys/epoll.h>

#include "backends/counters.h"
#include "common/os/error.h"
#include "common/os/unique_fd.h"

namespace duelio {

// An epoll(7) instance. Each interest belongs to an owner, whose address its events carry. Counters
// are the calling worker's, for several may share an instance.
class Epoll {
 public:
  Epoll() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!fd_) os::throw_errno("epoll_create1");
  }

  // While setting up: throws std::system_error.
  void watch(int fd, void* owner, std::uint32_t interest) const {
    if (!control(EPOLL_CTL_ADD, fd, owner, interest)) os::throw_errno("epoll_ctl");
  }

  // False, and counted, when the kernel does not take the interest: no event will come of it, so
  // the session has to end. (ENOMEM, or ENOSPC: /proc/sys/fs/epoll/max_user_watches.)
  [[nodiscard]] bool add(int fd, void* owner, std::uint32_t interest,
                         Counters& counters) const noexcept {
    if (control(EPOLL_CTL_ADD, fd, owner, interest)) return true;
    ++counters.errors_arm;
    return false;
  }

  // As add(). With EPOLLONESHOT in a set that is shared the owner may be another thread's when this
  // returns true.
  [[nodiscard]] bool modify(int fd, void* owner, std::uint32_t interest,
                            Counters& counters) const noexcept {
    ++counters.rearms;
    if (control(EPOLL_CTL_MOD, fd, owner, interest)) return true;
    ++counters.errors_arm;
    return false;
  }

  void remove(int fd) const noexcept { control(EPOLL_CTL_DEL, fd, nullptr, 0); }

  // The most events that one wait may return.
  static constexpr unsigned most_events = 512;

  // Calls visit(owner, events) for each event, at most `most` of them. A negative timeout waits for
  // ever. A signal may end the wait early. Throws std::system_error when the instance cannot be
  // waited for at all.
  template <class Visit>
  void wait(int timeout_ms, unsigned most, Counters& counters, Visit visit) const {
    std::array<epoll_event, most_events> events;
    const int n = ::epoll_wait(fd_.get(), events.data(), static_cast<int>(most), timeout_ms);
    if (n < 0) {
      if (errno == EINTR) return;
      os::throw_errno("epoll_wait");  // EBADF, EFAULT, EINVAL: it would fail for ever
    }
    ++counters.wakeups;
    counters.events += static_cast<unsigned>(n);
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      visit(event.data.ptr, event.events);
    }
  }

 private:
  bool control(int operation, int fd, void* owner, std::uint32_t interest) const noexcept {
    epoll_event event{.events = interest, .data = {.ptr = owner}};
    return ::epoll_ctl(fd_.get(), operation, fd, &event) == 0;
  }

  os::UniqueFd fd_;
};

}  // namespace duelio
