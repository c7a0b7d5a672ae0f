// Readiness, one-shot: the reference implementation. All threads wait on one epoll(7) instance; an
// interest fires once (EPOLLONESHOT), the thread that got the event owns the session until it
// renews the interest, and touches it no more after that, for another thread may own it by then.
//
// System calls per keep-alive request: recv, send, epoll_ctl, and a share of an epoll_wait (one of
// its own where threads share the set: each takes one event at a time). One
// receive per event is enough (a renewed interest fires again at once when bytes are left); a full
// buffer is read on, so that a large body does not cost a renewal every 16 KiB.
#include <array>
#include <deque>
#include <mutex>
#include <utility>

#include <sys/socket.h>

#include "backends/backend.h"
#include "backends/support/acceptor.h"
#include "backends/support/deadline_list.h"
#include "backends/support/epoll.h"
#include "backends/support/epoll_options.h"
#include "backends/support/session_pool.h"
#include "backends/support/stop.h"
#include "backends/support/turn.h"
#include "backends/support/worker.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

// What the threads share.
struct Shared {
  Shared(const ServerConfig& config, os::UniqueFd listener, int stop_fd)
      : acceptor(std::move(listener), config.connections),
        stop(stop_fd),
        deadlines(config.deadlines) {
    epoll.watch(acceptor.listener(), &acceptor, EPOLLIN | EPOLLONESHOT);
    epoll.watch(stop, &stop, EPOLLIN);
  }
  Epoll epoll;
  Acceptor acceptor;
  Turn acceptor_turn;
  int stop;
  std::mutex mutex;  // guards what follows: sessions, when one opens or closes
  DeadlineList<Session> deadlines;
  SessionPool sessions;
};

class Worker {
 public:
  // With threads that share the set each takes one event a wait: a thread that took more would sit
  // on events, while its handler works, that others could serve.
  Worker(const ServerConfig& config, Shared& shared)
      : context_(config),
        batch_(epoll_options::batch(config, config.threads > 1 ? 1 : 64)),
        shared_(shared) {}

  void run() {
    while (!stopping_) wait(-1);
  }

  // When all threads have returned from run(): one goes on until what was received is answered.
  void finish() {
    shared_.epoll.remove(shared_.stop);  // it stays ready
    settle(context_.config, shared_.acceptor.listener(), [this] { wait(stop_interval_ms); });
    accept_all();
    shared_.acceptor.close();
    drain(context_, shared_.sessions, [this] { wait(stop_interval_ms); });
  }

  Counters counted() const noexcept { return context_.counted(); }

 private:
  void wait(int most_ms) {
    shared_.epoll.wait(timeout(most_ms), batch_, context_.counters,
                       [this](void* owner, std::uint32_t) {
                         if (owner == &shared_.stop) {
                           stopping_ = true;
                         } else if (owner == &shared_.acceptor) {
                           shared_.acceptor_turn.take();
                           accept_all();
                           shared_.acceptor_turn.give();
                           renew(shared_.acceptor.listener(), owner, EPOLLIN);
                         } else {
                           drive(*static_cast<Session*>(owner));
                         }
                       });
    end_overdue();
  }

  // A thread that waits with a timeout that is too long is no harm: whoever adds a deadline that is
  // sooner will wait for that itself.
  int timeout(int most_ms) {
    if (!context_.config.deadlines) return most_ms;
    const std::lock_guard lock(shared_.mutex);
    return shared_.deadlines.timeout_ms(most_ms);
  }

  // Another thread may have got an event of such a session already, so its connection is not
  // touched here: a shutdown makes its interest fire, unless it has, and its owner then ends it.
  // Where a 408 is to be sent the peer can still receive. (A renewed interest might fire twice, for
  // two threads.)
  void end_overdue() {
    if (!context_.config.deadlines) return;
    const std::lock_guard lock(shared_.mutex);
    shared_.deadlines.take_expired([](Session& session) {
      if (session.is_driven) return;  // its owner gives it back
      session.is_overdue = true;
      ::shutdown(session.fd(), session.phase == http::Phase::write ? SHUT_RDWR : SHUT_RD);
    });
  }

  // Whether its deadline passed before this thread owned it.
  bool take_from_deadlines(Session& session) {
    if (!context_.config.deadlines) return false;
    const std::lock_guard lock(shared_.mutex);
    session.is_driven = true;
    return std::exchange(session.is_overdue, false);
  }

  void give_to_deadlines(Session& session) {
    if (!context_.config.deadlines) return;
    const std::lock_guard lock(shared_.mutex);
    session.is_driven = false;
    shared_.deadlines.update(session);
  }

  void accept_all() {
    while (os::UniqueFd fd = shared_.acceptor.accept(context_.counters)) {
      const int number = fd.get();
      Session* session = nullptr;
      {
        const std::lock_guard lock(shared_.mutex);
        session = shared_.sessions.open(fd, context_.workspace, context_.counters);
      }
      if (session == nullptr) {
        context_.leave();
        continue;
      }
      give_to_deadlines(*session);
      session->turn.give();
      if (!shared_.epoll.add(number, session, EPOLLIN | EPOLLONESHOT, context_.counters))
        close(*session);
    }
  }

  void drive(Session& session) {
    session.turn.take();
    session.connection.bind(context_.workspace);
    if (take_from_deadlines(session)) session.connection.expire();
    bool drained = false;
    for (int receives = 16;;) {
      switch (session.connection.want()) {
        case http::Want::read:
          if (drained || receives-- == 0) return wait_for(session, EPOLLIN);
          drained = session.receive(context_.counters) != Session::Received::full;
          break;
        case http::Want::write:
          if (!session.send(context_.counters)) return wait_for(session, EPOLLOUT);
          break;
        case http::Want::half_close:
          session.half_close();
          break;
        case http::Want::close:
          return close(session);
      }
    }
  }

  // The session must not be touched after this.
  void wait_for(Session& session, std::uint32_t interest) {
    const int fd = session.fd();
    give_to_deadlines(session);
    session.turn.give();
    if (!renew(fd, &session, interest)) close(session);  // it is still ours
  }

  bool renew(int fd, void* owner, std::uint32_t interest) {
    return shared_.epoll.modify(fd, owner, interest | EPOLLONESHOT, context_.counters);
  }

  void close(Session& session) {
    const std::lock_guard lock(shared_.mutex);
    shared_.deadlines.remove(session);
    context_.leave();
    shared_.sessions.close(session);
  }

  WorkerContext context_;
  unsigned batch_;  // events a wait
  Shared& shared_;
  bool stopping_ = false;
};

Counters run(const ServerConfig& config, Listeners listeners, const StopEvent& stop) {
  Shared shared(config, std::move(listeners.front()), stop.fd());
  std::deque<Worker> workers;
  for (unsigned i = 0; i < config.threads; ++i) workers.emplace_back(config, shared);
  run_workers(config, stop, [&](std::size_t i) { workers[i].run(); });
  workers.front().finish();
  return added_up(config, workers);
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
    .options = epoll_options::all,
};

}  // namespace duelio::backends
