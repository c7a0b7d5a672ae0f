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
#include <span>
#include <utility>

#include "backends/backend.h"
#include "backends/support/ring_worker.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

struct SingleShotSession : RingSession, Linked<SingleShotSession>, Timed<SingleShotSession> {
  template <class Socket>
  SingleShotSession(Socket socket, http::Workspace& workspace)
      : RingSession(std::move(socket), workspace, http::Buffers::owned) {}
  std::span<const char> linked;  // skip-success: sent before the receive that is under way
  bool is_overdue = false;       // what is under way is cancelled
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
    if (!session.linked.empty()) return complete_linked(session, completion);
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

  void expire(SingleShotSession& session) {
    session.is_overdue = true;
    const bool sends = session.connection.want() == http::Want::write;
    if (!session.linked.empty()) cancel(Operation::send, &session);  // it may have left already
    cancel(sends ? Operation::send : Operation::receive, &session);
  }

 private:
  // With skip-success. A chain has one completion: the receive's, or that of a send that failed, of
  // which nothing else tells (io_uring_enter(2), IOSQE_CQE_SKIP_SUCCESS). The connection counts the
  // bytes as sent from the start; they stay in its output until it answers again, which is after
  // the receive.
  void submit_linked(SingleShotSession& session, std::span<const char> bytes) {
    session.linked = bytes;
    io_uring_sqe& sqe = ring().next(Operation::send, &session);
    prepare_send(sqe, session, bytes, MSG_NOSIGNAL | MSG_WAITALL);
    sqe.flags |= IOSQE_IO_LINK;
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
    ++counters().send_calls;
    receive(session);
  }

  void complete_linked(SingleShotSession& session, const Completion& completion) {
    const std::span<const char> bytes = std::exchange(session.linked, {});
    if (completion.operation() == Operation::receive) {
      counters().bytes_out += bytes.size();
      return complete(session, completion);
    }
    const auto size = static_cast<std::size_t>(std::max(completion.result, 0));
    counters().bytes_out += size;
    if (completion.result >= 0 || completion.result == -EINTR)
      return submit_linked(session, bytes.subspan(size));
    if (completion.result != -ECANCELED) counters().count_error(-completion.result);
    close(session);
  }

  void on_failure(SingleShotSession& session, int error) {
    if (error == EINTR) return;
    if (error == ECANCELED) {  // its deadline has passed; or at a stop, to look once
      if (std::exchange(session.is_overdue, false)) session.connection.expire();
      return;
    }
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
    set_deadline(session);
    switch (session.connection.want()) {
      case http::Want::read:
        return receive(session);
      case http::Want::write:
        return send(session);
      default:
        return close(session);
    }
  }

  void receive(SingleShotSession& session) {
    const std::span<char> room = session.connection.prepare();
    io_uring_sqe& sqe = ring().next(Operation::receive, &session);
    io_uring_prep_recv(&sqe, session.socket(), room.data(), room.size(), session.receive_flags());
    sqe.flags |= session.socket_flags();
    ++counters().recv_calls;
  }

  void send(SingleShotSession& session) {
    const std::span<const char> bytes = session.connection.output();
    if (links_ && session.connection.is_last_output() && !is_zero_copy(session, bytes)) {
      session.connection.consume(bytes.size());
      return submit_linked(session, bytes);
    }
    prepare_send(ring().next(Operation::send, &session), session, bytes, MSG_NOSIGNAL);
    ++counters().send_calls;
  }

  bool links_ = config().has(ring_options::linked_receive);
};

Support probe() {
  return probe_ring({IORING_OP_ACCEPT, IORING_OP_RECV, IORING_OP_SEND, IORING_OP_POLL_ADD}, false);
}

constexpr std::array options{ring_options::plain_ring, ring_options::sqpoll,
                             ring_options::wait_batch, ring_options::direct_descriptors,
                             ring_options::zero_copy,  ring_options::linked_receive};
constexpr std::array uncounted{&Counters::would_block, &Counters::rearms};

}  // namespace

extern const Backend uring;
const Backend uring{
    .name = "uring",
    .model = "completion: io_uring(7), single-shot accept, receive and send",
    .sharings = own_listeners,
    .probe = probe,
    .run = run_worker_per_listener<SingleShot>,
    .uncounted = uncounted,
    .options = options,
};

}  // namespace duelio::backends
