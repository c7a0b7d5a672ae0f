// Readiness, one-shot: the reference implementation. All threads wait on one epoll(7) instance; an
// interest fires once (EPOLLONESHOT), the thread that got the event owns the session until it
// renews the interest, and touches it no more after that, for another thread may own it by then.
//
// System calls per keep-alive request: recv, send, epoll_ctl, and a share of an epoll_wait. One
// receive per event is enough (a renewed interest fires again at once when bytes are left); a full
// buffer is read on, so that a large body does not cost a renewal every 16 KiB.
#include <array>
#include <cerrno>
#include <deque>
#include <mutex>

#include <sys/epoll.h>

#include "backends/backend.h"
#include "backends/support/acceptor.h"
#include "backends/support/session_pool.h"
#include "backends/support/turn.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

class EventSet {
 public:
  EventSet() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!fd_) os::throw_errno("epoll_create1");
  }
  void add(int fd, void* owner, std::uint32_t interest) const {
    if (!control(EPOLL_CTL_ADD, fd, owner, interest)) os::throw_errno("epoll_ctl");
  }
  bool control(int operation, int fd, void* owner, std::uint32_t interest) const noexcept {
    epoll_event event{.events = interest, .data = {.ptr = owner}};
    return ::epoll_ctl(fd_.get(), operation, fd, &event) == 0;
  }
  int get() const noexcept { return fd_.get(); }

 private:
  os::UniqueFd fd_;
};

// What the threads share.
struct Hub {
  Hub(int listener_fd, int stop_fd) : listener(listener_fd), stop(stop_fd) {
    events.add(listener_fd, &listener, EPOLLIN | EPOLLONESHOT);
    events.add(stop, &stop, EPOLLIN);
  }
  EventSet events;
  Acceptor listener;
  Turn listener_turn;
  int stop;
  std::mutex mutex;  // guards sessions, when one opens or closes
  SessionPool sessions;
};

class Worker {
 public:
  Worker(Hub& hub, const ServerConfig& config)
      : hub_(hub), config_(config), workspace_(config.limits, *config.clock) {}

  void run() {
    while (!stopping_) wait(-1);
  }

  // When all threads have returned from run(): one goes on until what was received is answered.
  void drain(Listeners& listeners) {
    hub_.events.control(EPOLL_CTL_DEL, hub_.stop, nullptr, 0);  // it stays ready
    accept_all();
    listeners.clear();
    end_sessions(
        config_, hub_.sessions, [this](Session& session) { end(session); }, [this] { wait(10); });
  }

  Counters counters() const noexcept { return counted(counters_, workspace_); }

 private:
  void wait(int timeout_ms) {
    std::array<epoll_event, 64> events;
    const int n = ::epoll_wait(hub_.events.get(), events.data(), events.size(), timeout_ms);
    if (n < 0) return;  // EINTR
    ++counters_.wakeups;
    counters_.events += static_cast<unsigned>(n);
    for (int i = 0; i < n; ++i) {
      void* const owner = events[static_cast<std::size_t>(i)].data.ptr;
      if (owner == &hub_.stop) {
        stopping_ = true;
      } else if (owner == &hub_.listener) {
        hub_.listener_turn.take();
        accept_all();
        hub_.listener_turn.give();
        rearm(hub_.listener.listener(), &hub_.listener, EPOLLIN);
      } else {
        drive(*static_cast<Session*>(owner));
      }
    }
  }

  void accept_all() {
    while (os::UniqueFd fd = hub_.listener.accept(counters_)) {
      const int number = fd.get();
      Session* session = nullptr;
      {
        const std::lock_guard lock(hub_.mutex);
        session = &hub_.sessions.open(std::move(fd), workspace_);
      }
      session->turn.give();
      if (!hub_.events.control(EPOLL_CTL_ADD, number, session, EPOLLIN | EPOLLONESHOT)) {
        counters_.count_error(errno);
        close(*session);
      }
    }
  }

  void drive(Session& session) {
    session.turn.take();
    session.connection.bind(workspace_);
    bool drained = false;
    for (int receives = 16;;) {
      switch (session.connection.want()) {
        case http::Want::read:
          if (drained || receives-- == 0) return arm(session, EPOLLIN);
          drained = session.receive(counters_) != Session::Received::full;
          break;
        case http::Want::write:
          if (!session.send(counters_)) return arm(session, EPOLLOUT);
          break;
        case http::Want::half_close:
          session.half_close();
          break;
        case http::Want::close:
          return close(session);
      }
    }
  }

  void end(Session& session) {
    session.connection.bind(workspace_);
    session.receive(counters_);
    if (session.connection.is_idle()) return close(session);
    drive(session);
  }

  // The session must not be touched after this.
  void arm(Session& session, std::uint32_t interest) {
    const int fd = session.fd();
    session.turn.give();
    rearm(fd, &session, interest);
  }

  void rearm(int fd, void* owner, std::uint32_t interest) {
    ++counters_.rearms;
    hub_.events.control(EPOLL_CTL_MOD, fd, owner, interest | EPOLLONESHOT);
  }

  void close(Session& session) {
    const std::lock_guard lock(hub_.mutex);
    hub_.sessions.close(session);
  }

  Hub& hub_;
  const ServerConfig& config_;
  http::Workspace workspace_;
  Counters counters_;
  bool stopping_ = false;
};

Counters run(const ServerConfig& config, Listeners listeners, const StopEvent& stop) {
  Hub hub(listeners.front().get(), stop.fd());
  std::deque<Worker> workers;
  for (unsigned i = 0; i < config.threads; ++i) workers.emplace_back(hub, config);
  run_workers(config, stop, [&](std::size_t i) { workers[i].run(); });
  workers.front().drain(listeners);
  Counters sum;
  for (const Worker& worker : workers) sum += worker.counters();
  return sum;
}

constexpr std::array sharings{Sharing::shared};

}  // namespace

extern const Backend epoll_oneshot;
const Backend epoll_oneshot{
    .name = "epoll-oneshot",
    .model = "readiness: epoll(7), EPOLLONESHOT, re-armed after each event",
    .sharings = sharings,
    .probe = always_available,
    .run = run,
};

}  // namespace duelio::backends
