// Blocking: a thread for each connection, which receives and sends and waits in both; the scheduler
// is the event loop.
// --threads is the number of threads that accept, each from a listener of its own (SO_REUSEPORT);
// at most 4096 connections have a thread at a time, further ones wait in the listener's queue.
// Stacks are 128 KiB, of which the kernel gives what is touched; receive and send buffers belong to
// the thread.
//
// System calls per keep-alive request: recv and send, and two context switches. A session belongs
// to its thread. pthreads(7), recv(2). A stop shuts the receiving side of sessions that wait for a
// next request.
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "backends/backend.h"
#include "backends/support/acceptor.h"
#include "backends/support/session.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

constexpr std::size_t most_threads = 4096;
constexpr std::size_t stack_size = 128 * 1024;

// A connection's thread, as the accepting threads know it.
struct Hand {
  int fd = -1;
  std::atomic<bool> idle{true};  // between requests: a stop may end it
  Hand* previous = nullptr;
  Hand* next = nullptr;
};

class Server {
 public:
  Server(const ServerConfig& config, int stop) : config_(config), stop_(stop) {}

  // One of --threads: accepts until the stop.
  void accept_from(Acceptor& acceptor) {
    Counters counters;
    std::array<pollfd, 2> waits{{{acceptor.listener(), POLLIN, 0}, {stop_, POLLIN, 0}}};
    while (waits[1].revents == 0) {
      if (::poll(waits.data(), waits.size(), -1) < 0) continue;  // EINTR
      ++counters.wakeups;
      while (has_room()) {
        os::UniqueFd fd = acceptor.accept(counters);
        if (!fd) break;
        if (!start(std::move(fd))) ++counters.accept_refused;
      }
    }
    const std::lock_guard lock(mutex_);
    sum_ += counters;
  }

  Counters finish() {
    draining_.store(true);
    std::unique_lock lock(mutex_);
    for (const Hand* hand = first_; hand != nullptr; hand = hand->next) {
      if (hand->idle.load()) ::shutdown(hand->fd, SHUT_RD);
    }
    const auto nobody = [this] { return running_ == 0; };
    if (!gone_.wait_for(lock, config_.drain_limit, nobody)) {
      for (const Hand* hand = first_; hand != nullptr; hand = hand->next)
        ::shutdown(hand->fd, SHUT_RDWR);
      gone_.wait(lock, nobody);
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
    auto* const task = new Task{*this, std::move(fd)};
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
    leave({});
    return false;
  }

  static void* main(void* argument) {
    const std::unique_ptr<Task> task(static_cast<Task*>(argument));
    task->server.serve(std::move(task->fd));
    return nullptr;
  }

  void serve(os::UniqueFd fd) {
    Counters counters;
    {
      const auto workspace = std::make_unique<http::Workspace>(config_.limits, *config_.clock);
      ::fcntl(fd.get(), F_SETFL, 0);  // blocking
      Session session(std::move(fd), *workspace);
      Hand hand;
      hand.fd = session.fd();
      enter(hand);
      drive(session, hand, counters);
      remove(hand);
      counters.requests = workspace->requests;
      counters.rejections = workspace->rejections;
    }
    leave(counters);
  }

  void drive(Session& session, Hand& hand, Counters& counters) {
    while (true) {
      switch (session.connection.want()) {
        case http::Want::read:
          hand.idle.store(session.connection.is_idle());
          if (draining_.load() && hand.idle.load())
            ::shutdown(session.fd(), SHUT_RD);  // what is here is still read
          session.receive(counters);
          hand.idle.store(false);
          if (draining_.load()) session.connection.begin_drain();
          break;
        case http::Want::write:
          session.send(counters);
          break;
        case http::Want::half_close:
          session.half_close();
          break;
        case http::Want::close:
          return;
      }
    }
  }

  void enter(Hand& hand) {
    const std::lock_guard lock(mutex_);
    hand.next = first_;
    if (first_ != nullptr) first_->previous = &hand;
    first_ = &hand;
  }

  void remove(Hand& hand) {
    const std::lock_guard lock(mutex_);
    (hand.previous != nullptr ? hand.previous->next : first_) = hand.next;
    if (hand.next != nullptr) hand.next->previous = hand.previous;
  }

  // The thread touches nothing of ours after this.
  void leave(const Counters& counters) {
    const std::lock_guard lock(mutex_);
    sum_ += counters;
    --running_;
    gone_.notify_all();
  }

  const ServerConfig& config_;
  int stop_;
  std::atomic<bool> draining_{false};
  std::mutex mutex_;  // guards what follows
  std::condition_variable gone_;
  std::size_t running_ = 0;
  Hand* first_ = nullptr;
  Counters sum_;
};

Counters run(const ServerConfig& config, Listeners listeners, const StopEvent& stop) {
  std::deque<Acceptor> acceptors;
  for (const os::UniqueFd& listener : listeners) acceptors.emplace_back(listener.get());
  Server server(config, stop.fd());
  try {
    run_workers(config, stop, [&](std::size_t i) { server.accept_from(acceptors[i]); });
  } catch (...) {
    server.finish();  // the connections' threads refer to it
    throw;
  }
  listeners.clear();
  return server.finish();
}

constexpr std::array sharings{Sharing::per_thread};

}  // namespace

extern const Backend threads;
const Backend threads{
    .name = "threads",
    .model = "blocking: a thread for each connection",
    .sharings = sharings,
    .probe = always_available,
    .run = run,
    .uncounted = "events rearms",
};

}  // namespace duelio::backends
