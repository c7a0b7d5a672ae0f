// Readiness, level-triggered: epoll(7) as poll(2) with a faster list, the mode most programs begin
// with. Each thread has a listener (SO_REUSEPORT), an epoll(7) instance and sessions of its own. A
// session waits for input; only while an answer does not fit into the socket's buffer it waits for
// output instead (EPOLL_CTL_MOD, twice).
//
// System calls per keep-alive request: recv, send, and a share of an epoll_wait. One receive per
// event: what is left makes the descriptor ready again in the next wait, after the others had their
// turn.
#include <array>
#include <cerrno>

#include <sys/epoll.h>

#include "backends/backend.h"
#include "backends/support/acceptor.h"
#include "backends/support/session_pool.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

class Worker {
 public:
  Worker(const ServerConfig& config, os::UniqueFd listener, const StopEvent& stop)
      : config_(config),
        workspace_(config.limits, *config.clock),
        listener_(std::move(listener)),
        acceptor_(listener_.get()),
        stop_(stop.fd()),
        events_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!events_) os::throw_errno("epoll_create1");
    if (!control(EPOLL_CTL_ADD, listener_.get(), &acceptor_, EPOLLIN) ||
        !control(EPOLL_CTL_ADD, stop_, &stop_, EPOLLIN)) {
      os::throw_errno("epoll_ctl");
    }
  }

  void run() {
    while (!stopping_) wait(-1);
    drain();
  }

  Counters counters() const noexcept { return counted(counters_, workspace_); }

 private:
  void wait(int timeout_ms) {
    std::array<epoll_event, 64> events;
    const int n = ::epoll_wait(events_.get(), events.data(), events.size(), timeout_ms);
    if (n < 0) return;  // EINTR
    ++counters_.wakeups;
    counters_.events += static_cast<unsigned>(n);
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == &stop_) {
        stopping_ = true;
      } else if (event.data.ptr == &acceptor_) {
        accept_all();
      } else {
        drive(*static_cast<Session*>(event.data.ptr), event.events);
      }
    }
  }

  void accept_all() {
    while (os::UniqueFd fd = acceptor_.accept(counters_)) {
      const int number = fd.get();
      Session& session = sessions_.open(std::move(fd), workspace_);
      if (!control(EPOLL_CTL_ADD, number, &session, EPOLLIN)) {
        counters_.count_error(errno);
        sessions_.close(session);
      }
    }
  }

  void drive(Session& session, std::uint32_t happened) {
    // The events that were waited for come alone, or with errors and hang-ups, which nobody waits
    // for.
    bool waits_for_output = (happened & EPOLLOUT) != 0;
    bool received = false;
    while (true) {
      switch (session.connection.want()) {
        case http::Want::read:
          if (waits_for_output) wait_for(session, EPOLLIN);
          if (received || waits_for_output) return;
          received = true;
          session.receive(counters_);
          break;
        case http::Want::write:
          if (session.send(counters_)) break;
          if (!waits_for_output) wait_for(session, EPOLLOUT);
          return;
        case http::Want::half_close:
          session.half_close();
          break;
        case http::Want::close:
          return sessions_.close(session);
      }
    }
  }

  void wait_for(Session& session, std::uint32_t interest) {
    ++counters_.rearms;
    control(EPOLL_CTL_MOD, session.fd(), &session, interest);
  }

  void drain() {
    accept_all();
    listener_.reset();
    control(EPOLL_CTL_DEL, stop_, nullptr, 0);
    end_sessions(
        config_, sessions_, [this](Session& session) { end(session); }, [this] { wait(10); });
  }

  void end(Session& session) {
    session.receive(counters_);
    if (session.connection.is_idle()) return sessions_.close(session);
    drive(session, 0);
  }

  bool control(int operation, int fd, void* owner, std::uint32_t interest) const noexcept {
    epoll_event event{.events = interest, .data = {.ptr = owner}};
    return ::epoll_ctl(events_.get(), operation, fd, &event) == 0;
  }

  const ServerConfig& config_;
  http::Workspace workspace_;
  os::UniqueFd listener_;
  Acceptor acceptor_;
  int stop_;
  os::UniqueFd events_;
  SessionPool sessions_;
  Counters counters_;
  bool stopping_ = false;
};

constexpr std::array sharings{Sharing::per_thread};

}  // namespace

extern const Backend epoll_lt;
const Backend epoll_lt{
    .name = "epoll-lt",
    .model = "readiness: epoll(7), level-triggered",
    .sharings = sharings,
    .probe = always_available,
    .run = run_worker_per_listener<Worker>,
};

}  // namespace duelio::backends
