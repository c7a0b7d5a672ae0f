#pragma once

#include <cerrno>
#include <cstdint>
#include <span>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "backends/support/accept_errors.h"
#include "backends/support/deadline_list.h"
#include "backends/support/direct_table.h"
#include "backends/support/ring.h"
#include "backends/support/ring_options.h"
#include "backends/support/ring_session.h"
#include "backends/support/session_pool.h"
#include "backends/support/stop.h"
#include "backends/support/worker.h"

namespace duelio {

// The loop of the io_uring models: a ring, a listener (SO_REUSEPORT) and sessions for each thread.
// What is submitted, and what is done with its completion, is the model's: Model, made of this, has
//   prepare_accept(sqe, listener)    single-shot or multishot
//   begin(session)                   a new one, or one whose half-close is over
//   complete(session, completion)    an operation of a session
//   after_completions()              all of a wait were visited; does nothing if it has none
//   expire(session)                  its deadline has passed; it may be set again
//   longest_wait_ms()                with deadlines: how late it may be known that one begins
template <class Model, class Session>
class RingWorker {
 public:
  RingWorker(const ServerConfig& config, os::UniqueFd listener, const StopEvent& stop)
      : context_(config),
        listener_(std::move(listener)),
        stop_(stop.fd()),
        ring_(counters(), ring_options::shape(config)),
        is_direct_(config.has(ring_options::direct_descriptors)),
        zero_copy_(config.has(ring_options::zero_copy)) {
    if (is_direct_) make_direct_table(ring_);
    // io_uring honours O_NONBLOCK: an accept would complete with EAGAIN instead of waiting.
    ::fcntl(listener_.get(), F_SETFL, ::fcntl(listener_.get(), F_GETFL) & ~O_NONBLOCK);
  }

  void run() {
    ring_.enable();
    accept();
    io_uring_prep_poll_add(&ring_.next(Operation::stop), stop_, POLLIN);
    while (!stopping_) wait(-1);
    stop_accepting();
    const auto wait_a_little = [this] { wait(stop_interval_ms); };
    if (is_direct_) {
      drain(context_, sessions_, wait_a_little, EndByRing{*this});
      ring_.flush();  // the last closes
    } else {
      drain(context_, sessions_, wait_a_little);
    }
  }

  Counters counted() const noexcept { return context_.counted(); }

 protected:
  Counters& counters() noexcept { return context_.counters; }
  Ring& ring() noexcept { return ring_; }
  const ServerConfig& config() const noexcept { return context_.config; }

  void after_completions() noexcept {}
  int longest_wait_ms() const noexcept { return -1; }

  // Pre: no operation of it is with the kernel.
  void close(Session& session) noexcept {
    deadlines_.remove(session);
    leave(session);
    if (session.is_direct()) release(DirectSocket{session.socket()});
    sessions_.close(session);
  }

  // With each operation that the session waits for.
  void set_deadline(Session& session) noexcept { deadlines_.update(session); }

  // zero-copy is for what is larger than an output that a connection owns: that is a pattern, whose
  // bytes live as long as the program (common/workload.h). So nothing waits for the notification
  // that the kernel is done with them; a server with other bytes would hold them until then.
  bool is_zero_copy(const Session& session, std::span<const char> bytes) const noexcept {
    return zero_copy_ && bytes.size() > http::Workspace::send_size && !session.must_copy;
  }
  void prepare_send(io_uring_sqe& sqe, const Session& session, std::span<const char> bytes,
                    int flags) const noexcept {
    if (is_zero_copy(session, bytes)) {
      io_uring_prep_send_zc(&sqe, session.socket(), bytes.data(), bytes.size(), flags, 0);
    } else {
      io_uring_prep_send(&sqe, session.socket(), bytes.data(), bytes.size(), flags);
    }
    sqe.flags |= session.socket_flags();
  }

  // Pre: want() == half_close. It is done, or is_half_closing until begin(session): the kernel has
  // a thread of its own for it, that looks the number up when it comes to it.
  void half_close(Session& session) {
    if (session.is_half_closing) return;
    if (!session.is_direct()) {
      ::shutdown(session.fd(), SHUT_WR);
      session.connection.commit_half_close();
      return;
    }
    io_uring_sqe& sqe = ring_.next(Operation::half_close, &session);
    io_uring_prep_shutdown(&sqe, session.socket(), SHUT_WR);
    sqe.flags |= session.socket_flags();
    session.is_half_closing = true;
  }

  // Whatever is under way on it fails, ends or is cancelled. Its peer sees the end now, and may
  // have another connection before what was under way has completed.
  void give_up(Session& session) {
    leave(session);
    if (!session.is_direct()) return duelio::give_up(session.fd());
    io_uring_prep_cancel_fd(&ring_.next(Operation::cancel), session.socket(),
                            IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_FD_FIXED);
  }

  void cancel(Operation operation, Session* session = nullptr) {
    io_uring_prep_cancel64(&ring_.next(Operation::cancel), user_data(operation, session), 0);
  }

 private:
  void leave(Session& session) noexcept {
    if (!session.has_left) context_.leave();
    session.has_left = true;
  }

  // At a stop, for sessions in the ring's table. What end_if_idle() looks up with an ioctl(2), a
  // receive that does not wait tells.
  struct EndByRing {
    RingWorker& worker;
    void if_idle(Session& session) const {
      if (!session.is_direct()) return EndByDescriptor().if_idle(session);
      if (!session.connection.is_idle()) return;
      session.looks_once = true;
      worker.cancel(Operation::receive, &session);
    }
    void now(Session& session) const {
      if (session.is_direct()) session.connection.abort();
      worker.give_up(session);
    }
  };

  Model& model() noexcept { return *static_cast<Model*>(this); }

  void wait(int most_ms) {
    if (config().deadlines && most_ms < 0) most_ms = model().longest_wait_ms();
    ring_.wait(deadlines_.timeout_ms(most_ms), [this](const Completion& completion) {
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
        case Operation::send:
          return on_sent(completion);
        case Operation::receive:
          return model().complete(completion.session<Session>(), completion);
        case Operation::half_close:
          return on_half_closed(completion.session<Session>());
      }
    });
    model().after_completions();
    deadlines_.take_expired([this](Session& session) { model().expire(session); });
  }

  void accept() {
    io_uring_sqe& sqe = ring_.next(Operation::accept);
    Model::prepare_accept(sqe, listener_.get());
    if (is_direct_) {
      sqe.file_index = IORING_FILE_INDEX_ALLOC;
      sqe.accept_flags = 0;  // SOCK_CLOEXEC is of descriptors
    }
    accepting_ = true;
  }

  void on_accept(const Completion& completion) {
    accepting_ = completion.has_more();
    if (completion.result >= 0 && is_direct_) {
      open(DirectSocket{completion.result});
    } else if (completion.result >= 0) {
      open(os::UniqueFd(completion.result));
    } else if (!closing_ && must_pause(-completion.result, counters())) {
      return ring_.pause(Operation::accept_again);
    }
    if (!accepting_ && !closing_) accept();
  }

  // Closes what no session has.
  void release(const os::UniqueFd& /*closes itself*/) noexcept {}
  void release(DirectSocket socket) noexcept {
    io_uring_sqe& sqe = ring_.next(Operation::cancel);
    io_uring_prep_close_direct(&sqe, static_cast<unsigned>(socket.number));
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
  }

  template <class Socket>
  void open(Socket socket) {
    if (!context_.admit()) return release(socket);
    ++counters().accepts;
    if (Session* const session = sessions_.open(socket, context_.workspace, counters()))
      return model().begin(*session);
    context_.leave();
    release(socket);
  }

  void on_sent(Completion completion) {
    if (completion.is_notification()) return;  // its session may be gone
    auto& session = completion.session<Session>();
    // The limit of pinned memory (RLIMIT_MEMLOCK).
    if (completion.result == -ENOMEM && zero_copy_ && !session.must_copy) {
      session.must_copy = true;
      completion.result = -EINTR;  // try again
    }
    model().complete(session, completion);
  }

  void on_half_closed(Session& session) {
    session.is_half_closing = false;
    if (session.connection.want() == http::Want::half_close) session.connection.commit_half_close();
    model().begin(session);
  }

  // Those that the kernel has accepted, then those that wait, which are no direct ones.
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
  DeadlineList<Session> deadlines_{context_.config.deadlines};
  Pool<Session> sessions_;
  Ring ring_;  // last: its end precedes that of the memory it was lent
  bool is_direct_;
  bool zero_copy_;
  bool accepting_ = false;
  bool stopping_ = false;
  bool closing_ = false;  // the listener
};

}  // namespace duelio
