// Completion, multishot: io_uring(7) as its manual advises servers. Each thread has a ring, a
// listener (SO_REUSEPORT), a ring of provided buffers and sessions of its own; one accept yields
// all connections, one receive for each session yields all its data, in buffers that the kernel
// picks as the data arrives (io_uring_prep_multishot_accept(3), io_uring_prep_recv_multishot(3),
// io_uring_register_buf_ring(3)). A send is submitted for each answer.
//
// System calls per keep-alive request: a share of one io_uring_enter(2), which submits and waits;
// two where requests come singly, for the completion of a send ends a wait, too.
// An idle session owns no buffer; one that sends owns what it sends. When the buffers run out the
// receive ends and is armed again after others have given theirs back. What arrives while an answer
// is being sent is copied and waits; above 64 KiB of that the receive is cancelled until the answer
// has left.
#include <array>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "backends/backend.h"
#include "backends/support/ring.h"
#include "backends/support/session_pool.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

constexpr std::size_t most_waiting = 64 * 1024;

struct MultishotSession : Linked<MultishotSession> {
  MultishotSession(os::UniqueFd socket, http::Workspace& workspace)
      : fd(std::move(socket)), connection(workspace, http::Buffers::provided) {}
  os::UniqueFd fd;
  http::Connection connection;
  std::string waiting;  // arrived during a send
  bool ended = false;   // the stream did, during a send
  bool receiving = false;
  bool sending = false;
  bool shut = false;
};

// user_data is a session's address with the operation in its low bits, or one of the small numbers.
constexpr std::uint64_t send_bit = 1;
constexpr std::uint64_t accept_tag = 2;
constexpr std::uint64_t stop_tag = 4;
constexpr std::uint64_t cancel_tag = 6;
constexpr std::uint64_t accept_again_tag = 8;

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
    counters_.events +=
        ring_.wait(timeout_ms, [this](std::uint64_t tag, int result, unsigned flags) {
          switch (tag) {
            case accept_tag:
              return on_accept(result, flags);
            case accept_again_tag:
              return stopping_ ? void() : accept();
            case stop_tag:
              stopping_ = true;
              return;
            case cancel_tag:
              return;
            default:
              break;
          }
          auto& session = *reinterpret_cast<MultishotSession*>(tag & ~send_bit);
          if ((tag & send_bit) != 0) {
            on_sent(session, result);
          } else {
            on_received(session, result, flags);
          }
        });
  }

  void accept() {
    io_uring_sqe& sqe = ring_.next();
    io_uring_prep_multishot_accept(&sqe, listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    sqe.user_data = accept_tag;
    accepting_ = true;
  }

  void on_accept(int result, unsigned flags) {
    accepting_ = (flags & IORING_CQE_F_MORE) != 0;
    if (result >= 0) {
      open(os::UniqueFd(result));
    } else if (result == -EMFILE || result == -ENFILE || result == -ENOBUFS || result == -ENOMEM) {
      ++counters_.accept_refused;
      return ring_.pause(accept_again_tag);
    }
    if (!accepting_ && !stopping_) accept();
  }

  void open(os::UniqueFd fd) {
    ++counters_.accepts;
    MultishotSession& session = sessions_.open(std::move(fd), workspace_);
    if (stopping_) session.connection.begin_drain();
    advance(session);
  }

  // Does what the connection wants, as far as it can be done now.
  void advance(MultishotSession& session) {
    http::Connection& connection = session.connection;
    while (true) {
      switch (connection.want()) {
        case http::Want::write:
          return session.sending ? void() : send(session);
        case http::Want::read:
          if (!session.waiting.empty()) {
            const std::string bytes = std::move(session.waiting);
            session.waiting.clear();
            connection.receive(bytes);
            break;
          }
          if (session.ended) {
            connection.commit_eof();
            break;
          }
          return session.receiving ? void() : receive(session);
        case http::Want::half_close:
          ::shutdown(session.fd.get(), SHUT_WR);
          connection.commit_half_close();
          break;
        case http::Want::close:
          return close(session);
      }
    }
  }

  void receive(MultishotSession& session) {
    io_uring_sqe& sqe = ring_.next();
    io_uring_prep_recv_multishot(&sqe, session.fd.get(), nullptr, 0, 0);
    sqe.flags |= IOSQE_BUFFER_SELECT;
    sqe.buf_group = BufferRing::group;
    sqe.user_data = reinterpret_cast<std::uintptr_t>(&session);
    session.receiving = true;
    ++counters_.rearms;
  }

  void on_received(MultishotSession& session, int result, unsigned flags) {
    session.receiving = (flags & IORING_CQE_F_MORE) != 0;
    if (result > 0) {
      const unsigned id = flags >> IORING_CQE_BUFFER_SHIFT;
      const std::span<const char> bytes = buffers_.data(id, static_cast<std::size_t>(result));
      counters_.bytes_in += bytes.size();
      if (session.connection.want() == http::Want::read && session.waiting.empty()) {
        session.connection.receive(bytes);
      } else if (session.connection.want() != http::Want::close) {
        session.waiting.append(bytes.data(), bytes.size());
        if (session.waiting.size() > most_waiting && session.receiving) {
          cancel(reinterpret_cast<std::uintptr_t>(&session));
        }
      }
      buffers_.give_back(id);
    } else if (result == 0) {
      session.ended = true;
    } else if (result != -ENOBUFS && result != -ECANCELED && result != -EINTR) {
      counters_.count_error(-result);
      session.connection.abort();
    }
    advance(session);
  }

  void send(MultishotSession& session) {
    const std::span<const char> bytes = session.connection.output();
    io_uring_sqe& sqe = ring_.next();
    io_uring_prep_send(&sqe, session.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    sqe.user_data = reinterpret_cast<std::uintptr_t>(&session) | send_bit;
    session.sending = true;
    ++counters_.send_calls;
  }

  void on_sent(MultishotSession& session, int result) {
    session.sending = false;
    if (session.connection.want() == http::Want::write) {
      if (result >= 0) {
        counters_.bytes_out += static_cast<std::size_t>(result);
        session.connection.consume(static_cast<std::size_t>(result));
      } else if (result != -EINTR) {
        counters_.count_error(-result);
        session.connection.abort();
      }
    }
    advance(session);
  }

  // The session goes when nothing of it is with the kernel.
  void close(MultishotSession& session) {
    if (!session.receiving && !session.sending) return sessions_.close(session);
    if (!session.shut) ::shutdown(session.fd.get(), SHUT_RDWR);  // completes both
    session.shut = true;
  }

  void drain() {
    cancel(accept_tag);
    while (accepting_) wait(10);
    ::fcntl(listener_.get(), F_SETFL, O_NONBLOCK);
    for (int fd = 0; (fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)) >= 0;)
      open(os::UniqueFd(fd));
    listener_.reset();
    sessions_.for_each([](MultishotSession& session) { session.connection.begin_drain(); });
    for (const Deadline limit(config_); !sessions_.empty(); wait(10)) {
      sessions_.for_each([&](MultishotSession& session) {
        if (limit.has_passed()) {
          session.connection.abort();
          close(session);
        } else if (session.connection.is_idle() && !has_input(session.fd.get())) {
          ::shutdown(session.fd.get(), SHUT_RD);  // completes the receive
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
  Pool<MultishotSession> sessions_;
  Ring ring_;
  BufferRing buffers_{ring_};
  Counters counters_;
  bool accepting_ = false;
  bool stopping_ = false;
};

Support probe() {
  // Multishot receive has no number of its own; it came with SEND_ZC, in Linux 6.0.
  return probe_ring({IORING_OP_ACCEPT, IORING_OP_RECV, IORING_OP_SEND, IORING_OP_SEND_ZC}, true);
}

constexpr std::array sharings{Sharing::per_thread};

}  // namespace

extern const Backend uring_multishot;
const Backend uring_multishot{
    .name = "uring-multishot",
    .model = "completion: io_uring(7), multishot accept and receive, provided-buffer ring",
    .sharings = sharings,
    .probe = probe,
    .run = run_worker_per_listener<Worker>,
    .uncounted = "recv_calls would_block",
};

}  // namespace duelio::backends
