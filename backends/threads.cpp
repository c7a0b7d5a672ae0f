// Blocking: a thread for each connection, which receives and sends and waits in both; the scheduler
// is the event loop.
// --threads is the number of threads that accept, each from a listener of its own (SO_REUSEPORT);
// at most 4096 connections have a thread at a time, further ones wait in the listener's queue.
// Stacks are 128 KiB, of which the kernel gives what is touched; receive and send buffers belong to
// the thread.
//
// System calls per keep-alive request: recv and send, and two context switches. A session belongs
// to its thread. pthreads(7), recv(2). Deadlines are the socket's own: SO_RCVTIMEO and SO_SNDTIMEO
// (socket(7)), set again where what is waited for has another length. A stop shuts the receiving
// side of sessions that wait for a next request.
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <new>
#include <thread>

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "backends/backend.h"
#include "backends/support/acceptor.h"
#include "backends/support/list.h"
#include "backends/support/session.h"
#include "backends/support/socket_timeouts.h"
#include "backends/support/stop.h"
#include "backends/support/worker.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

constexpr std::size_t most_threads = 4096;
constexpr std::size_t stack_size = 128 * 1024;

// A connection with its thread, as the accepting threads know it.
struct Served : Linked<Served> {
  int fd = -1;
  std::atomic<bool> idle{true};  // between requests: a stop may end it
};

class Server {
 public:
  Server(const ServerConfig& config, int stop) : config_(config), stop_(stop) {}

  // One of --threads: accepts until the stop.
  void accept_from(Acceptor& acceptor) {
    Counters counters;
    std::array<pollfd, 2> waits{{{acceptor.listener(), POLLIN, 0}, {stop_, POLLIN, 0}}};
    const auto wait = [&](int timeout_ms) {
      if (::poll(waits.data(), waits.size(), timeout_ms) < 0) return;  // EINTR
      ++counters.wakeups;
      while (has_room()) {
        os::UniqueFd fd = acceptor.accept(counters, 0);  // blocking
        if (!fd) break;
        if (!start(std::move(fd))) ++counters.accept_refused;
      }
    };
    while (waits[1].revents == 0) wait(-1);
    waits[1].fd = -1;  // ignored from now on
    settle(config_, acceptor.listener(), [&] { wait(stop_interval_ms); });
    wait(0);
    const std::lock_guard lock(mutex_);
    sum_ += counters;
  }

  // The stop of support/stop.h, but the sessions belong to their threads: those announce their last
  // answer themselves, and say whether they are idle.
  Counters finish() {
    draining_.store(true, std::memory_order_relaxed);
    std::unique_lock lock(mutex_);
    const Deadline limit(config_.drain_limit);
    bool too_late = false;
    while (running_ > 0) {
      const bool too_late_now = !too_late && limit.has_passed();
      too_late = too_late || too_late_now;
      served_.for_each([&](const Served& served) {
        if (too_late) {
          if (too_late_now) ++sum_.drain_cut;
          give_up(served.fd);
        } else {
          end_if_idle(served.fd, served.idle.load(std::memory_order_relaxed));
        }
      });
      gone_.wait_for(lock, std::chrono::milliseconds(stop_interval_ms));
    }
    return sum_;
  }

 private:
  struct Task {
    Server& server;
    os::UniqueFd fd;
  };

  // Waits for a place, but not beyond a stop.
  bool has_room() {
    std::unique_lock lock(mutex_);
    while (running_ >= most_threads) {
      if (gone_.wait_for(lock, std::chrono::milliseconds(50)) == std::cv_status::timeout)
        return false;
    }
    return true;
  }

  bool start(os::UniqueFd fd) {
    auto* const task = new (std::nothrow) Task{*this, std::move(fd)};
    if (task == nullptr) {
      leave_limit();
      return false;
    }
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, stack_size);
    {
      const std::lock_guard lock(mutex_);
      ++running_;
    }
    pthread_t thread{};
    const int error = pthread_create(&thread, &attributes, &Server::main, task);
    pthread_attr_destroy(&attributes);
    if (error == 0) return true;
    delete task;
    leave_limit();
    leave({});
    return false;
  }

  static void* main(void* argument) {
    const std::unique_ptr<Task> task(static_cast<Task*>(argument));
    task->server.serve(std::move(task->fd));
    return nullptr;
  }

  void serve(os::UniqueFd fd) {
    std::unique_ptr<WorkerContext> context;
    try {
      context = std::make_unique<WorkerContext>(config_);
    } catch (const std::bad_alloc&) {
      leave_limit();
      fd.reset();
      return leave({.accept_refused = 1});
    }
    {
      Session session(std::move(fd), context->workspace);
      Served served;
      served.fd = session.fd();
      enter(served);
      SocketTimeouts timeouts(session, config_.deadlines);
      drive(session, served, timeouts, context->counters);
      remove(served);
    }
    leave(context->counted());
  }

  // No fence orders `idle` and `draining_`: a stop looks again and again.
  void drive(Session& session, Served& served, SocketTimeouts& timeouts, Counters& counters) {
    while (true) {
      switch (session.connection.want()) {
        case http::Want::read:
          served.idle.store(session.connection.is_idle(), std::memory_order_relaxed);
          timeouts.receive(counters);
          served.idle.store(false, std::memory_order_relaxed);
          if (draining_.load(std::memory_order_relaxed)) session.connection.begin_drain();
          break;
        case http::Want::write:
          timeouts.send(counters);
          break;
        case http::Want::half_close:
          session.half_close();
          break;
        case http::Want::close:
          return;
      }
    }
  }

  void enter(Served& served) {
    const std::lock_guard lock(mutex_);
    served_.insert(served);
  }

  // Before its peer can see that it is closed.
  void remove(Served& served) {
    leave_limit();
    const std::lock_guard lock(mutex_);
    served_.remove(served);
  }

  // The thread touches nothing of ours after this.
  void leave(const Counters& counters) {
    const std::lock_guard lock(mutex_);
    sum_ += counters;
    --running_;
    gone_.notify_all();
  }

  void leave_limit() const noexcept {
    if (config_.connections != nullptr) config_.connections->leave();
  }

  const ServerConfig& config_;
  int stop_;
  std::atomic<bool> draining_{false};
  std::mutex mutex_;  // guards what follows
  std::condition_variable gone_;
  std::size_t running_ = 0;
  List<Served> served_;
  Counters sum_;
};

Counters run(const ServerConfig& config, Listeners listeners, const StopEvent& stop) {
  std::deque<Acceptor> acceptors;
  for (os::UniqueFd& listener : listeners)
    acceptors.emplace_back(std::move(listener), config.connections);
  Server server(config, stop.fd());
  try {
    run_workers(config, stop, [&](std::size_t i) { server.accept_from(acceptors[i]); });
  } catch (...) {
    server.finish();  // the connections' threads refer to it
    throw;
  }
  acceptors.clear();
  if (config.by_thread != nullptr) config.by_thread->clear();  // those that accept do no more
  return server.finish();
}

constexpr std::array uncounted{&Counters::events, &Counters::rearms};

}  // namespace

extern const Backend threads;
const Backend threads{
    .name = "threads",
    .model = "blocking: a thread for each connection",
    .sharings = own_listeners,
    .probe = always_available,
    .run = run,
    .uncounted = uncounted,
};

}  // namespace duelio::backends
