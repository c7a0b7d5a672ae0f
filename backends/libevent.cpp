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
// With deadlines a session has a timer's event too; since their lengths are few they are common
// timeouts (event_base_init_common_timeout), which libevent keeps in queues instead of its heap.
// libevent.org/libevent-book
#include <array>
#include <chrono>
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
    if (is_timed) event_del(&deadline);
  }
  int fd() const noexcept { return session.fd(); }

  Session session;
  http::Connection& connection;
  Worker* worker = nullptr;
  event input{};
  event output{};
  event deadline{};
  std::uint32_t progress = 0;  // as the deadline was added
  http::Phase phase = http::Phase::idle;
  bool is_timed = false;  // its deadline has been added before
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
      : context_(config), acceptor_(std::move(listener), config.connections), base_(make_base()) {
    if (config.deadlines) make_lengths(*config.deadlines);
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
      Watched* const opened = sessions_.open(fd, context_.workspace, context_.counters);
      if (opened == nullptr) {
        context_.leave();
        continue;
      }
      Watched& watched = *opened;
      watched.worker = this;
      event_assign(&watched.input, base_.get(), watched.fd(), EV_READ | EV_PERSIST, on_ready,
                   &watched);
      event_assign(&watched.output, base_.get(), watched.fd(), EV_WRITE | EV_PERSIST, on_ready,
                   &watched);
      if (!add(watched.input)) {
        close(watched);
      } else if (context_.config.deadlines) {
        evtimer_assign(&watched.deadline, base_.get(), on_deadline, &watched);
        set_deadline(watched);
      }
    }
  }

  void make_lengths(const http::Deadlines& deadlines) {
    for (std::size_t i = 0; i < lengths_.size(); ++i) {
      const auto us = std::chrono::microseconds(deadlines.length(static_cast<http::Phase>(i)));
      const timeval length{.tv_sec = us.count() / 1'000'000, .tv_usec = us.count() % 1'000'000};
      lengths_[i] = event_base_init_common_timeout(base_.get(), &length);
      if (lengths_[i] == nullptr) os::throw_errno("event_base_init_common_timeout");
    }
  }

  void set_deadline(Watched& watched) {
    const http::Phase phase = watched.connection.phase();
    const std::uint32_t progress = watched.connection.progress();
    if (watched.is_timed && phase == watched.phase && progress == watched.progress) return;
    watched.is_timed = true;
    watched.phase = phase;
    watched.progress = progress;
    if (event_add(&watched.deadline, lengths_[static_cast<std::size_t>(phase)]) == 0) return;
    ++context_.counters.errors_arm;
    close(watched);
  }

  static void on_deadline(int, short, void* watched) {
    Watched& late = *static_cast<Watched*>(watched);
    late.connection.expire();
    late.is_timed = false;  // nothing is pending
    late.worker->drive(late, false);
  }

  void close(Watched& watched) noexcept {
    context_.leave();
    sessions_.close(watched);
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
    act(watched, waits_for_output);
    if (watched.connection.want() == http::Want::close) return close(watched);
    if (context_.config.deadlines) set_deadline(watched);
  }

  void act(Watched& watched, bool waits_for_output) {
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
          return;
      }
    }
  }

  void swap(Watched& watched, event& off, event& on) {
    ++context_.counters.rearms;
    event_del(&off);
    if (!add(on)) watched.connection.abort();
  }

  WorkerContext context_;
  Acceptor acceptor_;
  Base base_;
  event accepts_{};
  event stop_{};
  event tick_{};                                                   // while it stops
  std::array<const timeval*, http::Deadlines::phases> lengths_{};  // the base's own
  Pool<Watched> sessions_;
};

Support probe() {
  return {.features = std::string("libevent ") + event_get_version()};
}

constexpr std::array uncounted{&Counters::wakeups};

}  // namespace

extern const Backend libevent;
const Backend libevent{
    .name = "libevent",
    .model = "readiness: libevent over epoll(7), persistent events",
    .sharings = own_listeners,
    .probe = probe,
    .run = run_worker_per_listener<Worker>,
    .uncounted = uncounted,
};

}  // namespace duelio::backends
