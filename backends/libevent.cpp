// libevent, as memcached uses it: an event_base for each thread, a persistent event for each
// session's input (EV_READ | EV_PERSIST), and recv(2) and send(2) of our own in its callback. A
// bufferevent would copy every byte into an evbuffer and out again, and arm output for each answer:
// convenient, and not what those choose who want to be fast. Only while an answer does not fit into
// the socket's buffer a session's input event is deleted and one for output is pending instead.
// libevent waits (epoll(7), level-triggered). Each thread has a listener (SO_REUSEPORT) and
// sessions of its own; no base is locked (EVENT_BASE_FLAG_NOLOCK).
//
// System calls per keep-alive request: recv, send, and a share of an epoll_wait. A session holds
// its two events; buffers are the thread's. libevent does not show its waits; events are callbacks.
// libevent.org/libevent-book
#include <array>
#include <memory>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "backends/backend.h"
#include "backends/support/acceptor.h"
#include "backends/support/session_pool.h"
#include "backends/support/stop.h"
#include "backends/support/worker.h"
#include "backends/support/workers.h"
#include "common/os/error.h"

namespace duelio::backends {
namespace {

class Worker;

// A session with its events.
struct Watched : Linked<Watched> {
  Watched(os::UniqueFd fd, http::Workspace& workspace)
      : session(std::move(fd), workspace), connection(session.connection) {}
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  ~Watched() {  // before its descriptor is closed
    event_del(&input);
    event_del(&output);
  }
  int fd() const noexcept { return session.fd(); }

  Session session;
  http::Connection& connection;
  Worker* worker = nullptr;
  event input{};
  event output{};
};

using Base = std::unique_ptr<event_base, void (*)(event_base*)>;

Base make_base() {
  const std::unique_ptr<event_config, void (*)(event_config*)> config(event_config_new(),
                                                                      event_config_free);
  event_config_set_flag(config.get(), EVENT_BASE_FLAG_NOLOCK);
  Base base(event_base_new_with_config(config.get()), event_base_free);
  if (base == nullptr) os::throw_errno("event_base_new_with_config");
  return base;
}

class Worker {
 public:
  Worker(const ServerConfig& config, os::UniqueFd listener, const StopEvent& stop)
      : context_(config), acceptor_(std::move(listener)), base_(make_base()) {
    event_assign(
        &accepts_, base_.get(), acceptor_.listener(), EV_READ | EV_PERSIST,
        [](int, short, void* self) { static_cast<Worker*>(self)->accept_all(); }, this);
    event_assign(
        &stop_, base_.get(), stop.fd(), EV_READ,
        [](int, short, void* self) {
          event_base_loopbreak(static_cast<Worker*>(self)->base_.get());
        },
        this);
    evtimer_assign(&tick_, base_.get(), on_tick, nullptr);
    if (event_add(&accepts_, nullptr) != 0 || event_add(&stop_, nullptr) != 0) {
      os::throw_errno("event_add");
    }
  }

  void run() {
    wait(0);
    event_del(&stop_);
    const auto serve = [this] {
      const timeval interval{.tv_sec = 0, .tv_usec = stop_interval_ms * 1000};
      event_add(&tick_, &interval);
      wait(EVLOOP_ONCE);
    };
    settle(context_.config, acceptor_.listener(), serve);
    accept_all();
    event_del(&accepts_);
    acceptor_.close();
    drain(context_, sessions_, serve);
  }

  Counters counted() const noexcept { return context_.counted(); }

 private:
  void wait(int flags) {
    if (event_base_loop(base_.get(), flags) < 0) os::throw_errno("event_base_loop");
  }

  static void on_tick(int /*fd*/, short /*happened*/, void* /*self*/) {}  // it only ends a wait

  void accept_all() {
    while (os::UniqueFd fd = acceptor_.accept(context_.counters)) {
      Watched& watched = sessions_.open(std::move(fd), context_.workspace);
      watched.worker = this;
      event_assign(&watched.input, base_.get(), watched.fd(), EV_READ | EV_PERSIST, on_ready,
                   &watched);
      event_assign(&watched.output, base_.get(), watched.fd(), EV_WRITE | EV_PERSIST, on_ready,
                   &watched);
      if (!add(watched.input)) sessions_.close(watched);
    }
  }

  bool add(event& interest) {
    if (event_add(&interest, nullptr) == 0) return true;
    ++context_.counters.errors_arm;
    return false;
  }

  static void on_ready(int, short happened, void* watched) {
    Watched& ready = *static_cast<Watched*>(watched);
    ready.worker->drive(ready, (happened & EV_WRITE) != 0);
  }

  void drive(Watched& watched, bool waits_for_output) {
    ++context_.counters.events;
    Session& session = watched.session;
    bool received = false;
    while (true) {
      switch (session.connection.want()) {
        case http::Want::read:
          if (waits_for_output) return swap(watched, watched.output, watched.input);
          if (received) return;
          received = true;
          session.receive(context_.counters);
          break;
        case http::Want::write:
          if (session.send(context_.counters)) break;
          if (!waits_for_output) swap(watched, watched.input, watched.output);
          return;
        case http::Want::half_close:
          session.half_close();
          break;
        case http::Want::close:
          return sessions_.close(watched);
      }
    }
  }

  void swap(Watched& watched, event& off, event& on) {
    ++context_.counters.rearms;
    event_del(&off);
    if (!add(on)) sessions_.close(watched);
  }

  WorkerContext context_;
  Acceptor acceptor_;
  Base base_;
  event accepts_{};
  event stop_{};
  event tick_{};  // while it stops
  Pool<Watched> sessions_;
};

Support probe() {
  return {.features = std::string("libevent ") + event_get_version()};
}

constexpr std::array sharings{Sharing::per_thread};
constexpr std::array uncounted{&Counters::wakeups};

}  // namespace

extern const Backend libevent;
const Backend libevent{
    .name = "libevent",
    .model = "readiness: libevent over epoll(7), persistent events",
    .sharings = sharings,
    .probe = probe,
    .run = run_worker_per_listener<Worker>,
    .uncounted = uncounted,
};

}  // namespace duelio::backends
