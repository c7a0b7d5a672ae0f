#pragma once

#include <cstdint>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "backends/support/accept_errors.h"
#include "backends/support/ring.h"
#include "backends/support/ring_options.h"
#include "backends/support/session_pool.h"
#include "backends/support/stop.h"
#include "backends/support/worker.h"

namespace duelio {

// A descriptor with its connection, of which operations may be with the kernel.
class RingSession {
 public:
  RingSession(os::UniqueFd fd, http::Workspace& workspace, http::Buffers buffers)
      : connection(workspace, buffers), fd_(std::move(fd)) {}

  int fd() const noexcept { return fd_.get(); }

  // Pre: want() == half_close.
  void half_close() {
    ::shutdown(fd(), SHUT_WR);
    connection.commit_half_close();
  }

  http::Connection connection;

 private:
  os::UniqueFd fd_;
};

// The loop of the io_uring models: a ring, a listener (SO_REUSEPORT) and sessions for each thread.
// What is submitted, and what is done with its completion, is the model's: Model, made of this, has
//   prepare_accept(sqe, listener)    single-shot or multishot
//   begin(session)                   a new one
//   complete(session, completion)    an operation of a session
//   after_completions()              all of a wait were visited; does nothing if it has none
template <class Model, class Session>
class RingWorker {
 public:
  RingWorker(const ServerConfig& config, os::UniqueFd listener, const StopEvent& stop)
      : context_(config),
        listener_(std::move(listener)),
        stop_(stop.fd()),
        ring_(counters(), ring_options::shape(config)) {
    // io_uring honours O_NONBLOCK: an accept would complete with EAGAIN instead of waiting.
    ::fcntl(listener_.get(), F_SETFL, ::fcntl(listener_.get(), F_GETFL) & ~O_NONBLOCK);
  }

  void run() {
    ring_.enable();
    accept();
    io_uring_prep_poll_add(&ring_.next(Operation::stop), stop_, POLLIN);
    while (!stopping_) wait(-1);
    stop_accepting();
    drain(context_, sessions_, [this] { wait(stop_interval_ms); });
  }

  Counters counted() const noexcept { return context_.counted(); }

 protected:
  Counters& counters() noexcept { return context_.counters; }
  Ring& ring() noexcept { return ring_; }
  const ServerConfig& config() const noexcept { return context_.config; }

  void after_completions() noexcept {}

  // Pre: no operation of it is with the kernel.
  void close(Session& session) noexcept { sessions_.close(session); }

  void cancel(Operation operation, Session* session = nullptr) {
    io_uring_prep_cancel64(&ring_.next(Operation::cancel), user_data(operation, session), 0);
  }

 private:
  Model& model() noexcept { return *static_cast<Model*>(this); }

  void wait(int timeout_ms) {
    ring_.wait(timeout_ms, [this](const Completion& completion) {
      switch (completion.operation()) {
        case Operation::accept:
          return on_accept(completion);
        case Operation::accept_again:
          return closing_ ? void() : accept();
        case Operation::stop:
          stopping_ = true;
          return;
        case Operation::cancel:
          return;
        case Operation::receive:
        case Operation::send:
          return model().complete(completion.session<Session>(), completion);
      }
    });
    model().after_completions();
  }

  void accept() {
    Model::prepare_accept(ring_.next(Operation::accept), listener_.get());
    accepting_ = true;
  }

  void on_accept(const Completion& completion) {
    accepting_ = completion.has_more();
    if (completion.result >= 0) {
      open(os::UniqueFd(completion.result));
    } else if (!closing_ && must_pause(-completion.result, counters())) {
      return ring_.pause(Operation::accept_again);
    }
    if (!accepting_ && !closing_) accept();
  }

  void open(os::UniqueFd fd) {
    ++counters().accepts;
    Session& session = sessions_.open(std::move(fd), context_.workspace);
    model().begin(session);
  }

  // Those that the kernel has accepted, then those that wait.
  void stop_accepting() {
    settle(context_.config, listener_.get(), [this] { wait(stop_interval_ms); });
    closing_ = true;
    cancel(Operation::accept);
    while (accepting_) wait(stop_interval_ms);
    ::fcntl(listener_.get(), F_SETFL, O_NONBLOCK);
    while (true) {
      os::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (fd) {
        open(std::move(fd));
      } else if (why_not_accepted(errno) != AcceptFailure::one_connection) {
        break;
      }
    }
    listener_.reset();
  }

  WorkerContext context_;
  os::UniqueFd listener_;
  int stop_;
  Pool<Session> sessions_;
  Ring ring_;  // last: its end precedes that of the memory it was lent
  bool accepting_ = false;
  bool stopping_ = false;
  bool closing_ = false;  // the listener
};

}  // namespace duelio
