// Completion, single-shot: io_uring(7) as most of its first users write it. Each thread has a ring,
// a listener (SO_REUSEPORT) and sessions of its own; one accept, and for each session one receive
// or one send, is with the kernel at any time, and its completion decides the next one.
//
// System calls per keep-alive request: a share of one io_uring_enter(2), which submits and waits;
// two where requests come singly, for the completion of a send ends a wait, too. A receive waits in
// the kernel with a buffer, so each session owns one (16 KiB); it is the kernel's from submission
// to completion. A session ends when nothing of it is with the kernel.
#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "backends/backend.h"
#include "backends/support/ring.h"
#include "backends/support/session_pool.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

struct UringSession : Linked<UringSession> {
  UringSession(os::UniqueFd socket, http::Workspace& workspace)
      : fd(std::move(socket)), connection(workspace, http::Buffers::owned) {}
  os::UniqueFd fd;
  http::Connection connection;
};

constexpr std::uint64_t accept_tag = 1;  // no addresses
constexpr std::uint64_t stop_tag = 2;
constexpr std::uint64_t cancel_tag = 3;
constexpr std::uint64_t accept_again_tag = 4;

class Worker {
 public:
  Worker(const ServerConfig& config, os::UniqueFd listener, const StopEvent& stop)
      : config_(config),
        workspace_(config.limits, *config.clock),
        listener_(std::move(listener)),
        stop_(stop.fd()) {
    make_blocking(listener_.get());
  }

  void run() {
    ring_.enable();
    accept();
    io_uring_sqe& stop = ring_.next();
    io_uring_prep_poll_add(&stop, stop_, POLLIN);
    stop.user_data = stop_tag;
    while (!stopping_) wait(-1);
    drain();
  }

  Counters counters() const noexcept { return counted(counters_, workspace_); }

 private:
  void wait(int timeout_ms) {
    ++counters_.wakeups;
    counters_.events += ring_.wait(timeout_ms, [this](std::uint64_t tag, int result, unsigned) {
      switch (tag) {
        case accept_tag:
          return on_accept(result);
        case accept_again_tag:
          return stopping_ ? void() : accept();
        case stop_tag:
          stopping_ = true;
          return;
        case cancel_tag:
          return;
        default:
          return on_done(*reinterpret_cast<UringSession*>(tag), result);
      }
    });
  }

  void accept() {
    io_uring_sqe& sqe = ring_.next();
    io_uring_prep_accept(&sqe, listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    sqe.user_data = accept_tag;
    accepting_ = true;
  }

  void on_accept(int result) {
    accepting_ = false;
    if (result >= 0) {
      ++counters_.accepts;
      UringSession& session = sessions_.open(os::UniqueFd(result), workspace_);
      if (stopping_) session.connection.begin_drain();
      submit(session);
    } else if (result == -EMFILE || result == -ENFILE || result == -ENOBUFS || result == -ENOMEM) {
      ++counters_.accept_refused;
      return ring_.pause(accept_again_tag);
    }
    if (!stopping_) accept();
  }

  // Gives the kernel what the connection wants next.
  void submit(UringSession& session) {
    while (session.connection.want() == http::Want::half_close) {
      ::shutdown(session.fd.get(), SHUT_WR);
      session.connection.commit_half_close();
    }
    if (session.connection.want() == http::Want::close) return sessions_.close(session);
    io_uring_sqe& sqe = ring_.next();
    if (session.connection.want() == http::Want::read) {
      const std::span<char> room = session.connection.prepare();
      io_uring_prep_recv(&sqe, session.fd.get(), room.data(), room.size(), 0);
      ++counters_.recv_calls;
    } else {
      const std::span<const char> bytes = session.connection.output();
      io_uring_prep_send(&sqe, session.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ++counters_.send_calls;
    }
    sqe.user_data = reinterpret_cast<std::uintptr_t>(&session);
  }

  void on_done(UringSession& session, int result) {
    http::Connection& connection = session.connection;
    const auto size = static_cast<std::size_t>(std::max(result, 0));
    if (result < 0 && result != -EINTR) {
      if (result != -ECANCELED) counters_.count_error(-result);
      connection.abort();
    } else if (connection.want() == http::Want::write) {
      counters_.bytes_out += size;
      connection.consume(size);
    } else if (result > 0) {
      counters_.bytes_in += size;
      connection.commit(size);
    } else if (result == 0) {
      connection.commit_eof();
    }
    submit(session);
  }

  void drain() {
    cancel(accept_tag);
    while (accepting_) wait(10);
    const int flags = SOCK_CLOEXEC;
    ::fcntl(listener_.get(), F_SETFL, O_NONBLOCK);
    for (int fd = 0; (fd = ::accept4(listener_.get(), nullptr, nullptr, flags)) >= 0;)
      on_accept(fd);
    listener_.reset();
    sessions_.for_each([](UringSession& session) { session.connection.begin_drain(); });
    for (const Deadline limit(config_); !sessions_.empty(); wait(10)) {
      sessions_.for_each([&](UringSession& session) {
        // Completes what is with the kernel; the session goes with that.
        if (limit.has_passed()) {
          ::shutdown(session.fd.get(), SHUT_RDWR);
        } else if (session.connection.is_idle() && !has_input(session.fd.get())) {
          ::shutdown(session.fd.get(), SHUT_RD);
        }
      });
    }
  }

  void cancel(std::uint64_t tag) {
    io_uring_sqe& sqe = ring_.next();
    io_uring_prep_cancel64(&sqe, tag, 0);
    sqe.user_data = cancel_tag;
  }

  const ServerConfig& config_;
  http::Workspace workspace_;
  os::UniqueFd listener_;
  int stop_;
  Pool<UringSession> sessions_;
  Ring ring_;  // last: its end precedes that of the memory it was lent
  Counters counters_;
  bool accepting_ = false;
  bool stopping_ = false;
};

Support probe() {
  return probe_ring({IORING_OP_ACCEPT, IORING_OP_RECV, IORING_OP_SEND, IORING_OP_POLL_ADD}, false);
}

constexpr std::array sharings{Sharing::per_thread};

}  // namespace

extern const Backend uring;
const Backend uring{
    .name = "uring",
    .model = "completion: io_uring(7), single-shot accept, receive and send",
    .sharings = sharings,
    .probe = probe,
    .run = run_worker_per_listener<Worker>,
    .uncounted = "would_block rearms",
};

}  // namespace duelio::backends
