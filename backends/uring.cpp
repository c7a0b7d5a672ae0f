// Completion, single-shot: io_uring(7) as most of its first users write it. One accept, and for
// each session one receive or one send, is with the kernel at any time, and its completion decides
// the next one. Each thread has a ring, a listener (SO_REUSEPORT) and sessions of its own: the loop
// is in support/ring_worker.h.
//
// System calls per keep-alive request: a share of one io_uring_enter(2), which submits and waits;
// two where requests come singly, for the completion of a send ends a wait, too. A receive waits in
// the kernel with a buffer, so each session owns one (16 KiB); it is the kernel's from submission
// to completion. A session ends when nothing of it is with the kernel.
//
// Options: support/ring_options.h.
#include <algorithm>
#include <array>
#include <cerrno>

#include "backends/backend.h"
#include "backends/support/ring_worker.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

struct SingleShotSession : RingSession, Linked<SingleShotSession> {
  template <class Socket>
  SingleShotSession(Socket socket, http::Workspace& workspace)
      : RingSession(std::move(socket), workspace, http::Buffers::owned) {}
};

class SingleShot : public RingWorker<SingleShot, SingleShotSession> {
 public:
  using RingWorker::RingWorker;

  static void prepare_accept(io_uring_sqe& sqe, int listener) noexcept {
    io_uring_prep_accept(&sqe, listener, nullptr, nullptr, SOCK_CLOEXEC);
  }

  void begin(SingleShotSession& session) { submit(session); }

  void complete(SingleShotSession& session, const Completion& completion) {
    http::Connection& connection = session.connection;
    if (connection.want() == http::Want::close) return close(session);  // given up
    const auto size = static_cast<std::size_t>(std::max(completion.result, 0));
    if (completion.result < 0) {
      on_failure(session, -completion.result);
    } else if (completion.operation() == Operation::send) {
      counters().bytes_out += size;
      connection.consume(size);
    } else if (completion.result > 0) {
      counters().bytes_in += size;
      connection.commit(size);
    } else if (completion.result == 0) {
      connection.commit_eof();
    }
    submit(session);
  }

 private:
  void on_failure(SingleShotSession& session, int error) {
    if (error == EINTR || error == ECANCELED) return;  // cancelled at a stop, to look once
    if (error == EAGAIN && session.looks_once) {
      if (session.is_over()) session.connection.commit_eof();
      return;
    }
    counters().count_error(error);
    session.connection.abort();
  }

  // Gives the kernel what the connection wants next.
  void submit(SingleShotSession& session) {
    if (session.connection.want() == http::Want::half_close) half_close(session);
    if (session.is_half_closing) return;
    switch (session.connection.want()) {
      case http::Want::read: {
        const std::span<char> room = session.connection.prepare();
        io_uring_sqe& sqe = ring().next(Operation::receive, &session);
        io_uring_prep_recv(&sqe, session.socket(), room.data(), room.size(),
                           session.receive_flags());
        sqe.flags |= session.socket_flags();
        ++counters().recv_calls;
        return;
      }
      case http::Want::write: {
        const std::span<const char> bytes = session.connection.output();
        io_uring_sqe& sqe = ring().next(Operation::send, &session);
        io_uring_prep_send(&sqe, session.socket(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        sqe.flags |= session.socket_flags();
        ++counters().send_calls;
        return;
      }
      default:
        return close(session);
    }
  }
};

Support probe() {
  return probe_ring({IORING_OP_ACCEPT, IORING_OP_RECV, IORING_OP_SEND, IORING_OP_POLL_ADD}, false);
}

constexpr std::array sharings{Sharing::per_thread};
constexpr std::array options{ring_options::plain_ring, ring_options::sqpoll,
                             ring_options::wait_batch, ring_options::direct_descriptors};
constexpr std::array uncounted{&Counters::would_block, &Counters::rearms};

}  // namespace

extern const Backend uring;
const Backend uring{
    .name = "uring",
    .model = "completion: io_uring(7), single-shot accept, receive and send",
    .sharings = sharings,
    .probe = probe,
    .run = run_worker_per_listener<SingleShot>,
    .uncounted = uncounted,
    .options = options,
};

}  // namespace duelio::backends
