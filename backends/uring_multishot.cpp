// Completion, multishot: io_uring(7) as its manual advises servers. Each thread has a ring, a
// listener (SO_REUSEPORT), a ring of provided buffers and sessions of its own; one accept yields
// all connections, one receive for each session yields all its data, in buffers that the kernel
// picks as the data arrives (io_uring_prep_multishot_accept(3), io_uring_prep_recv_multishot(3),
// io_uring_register_buf_ring(3)). A send is submitted for each answer.
//
// System calls per keep-alive request: a share of one io_uring_enter(2), which submits and waits;
// two where requests come singly, for the completion of a send ends a wait, too (but with
// skip-success). Options: support/ring_options.h.
// An idle session owns no buffer; one that sends owns what it sends. When the buffers run out the
// receive ends and is armed again after others have given theirs back. What arrives while an answer
// is being sent is copied and waits; above 64 KiB of that the receive is cancelled until the answer
// has left.
#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "backends/support/ring_worker.h"
#include "backends/support/room.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

constexpr std::size_t most_waiting = 64 * 1024;

struct MultishotSession : RingSession, Linked<MultishotSession>, Timed<MultishotSession> {
  template <class Socket>
  MultishotSession(Socket socket, http::Workspace& workspace)
      : RingSession(std::move(socket), workspace, http::Buffers::provided) {}
  std::string waiting;  // arrived during a send
  bool ended = false;   // the stream did, during a send
  bool receiving = false;
  bool sending = false;
  bool given_up = false;
  // skip-success:
  bool silent = false;        // the send under way completes only when it fails
  bool must_tell = false;     // the socket was full: the next send waits and completes
  std::uint64_t sent_in = 0;  // the ring's round
  std::size_t place = 0;      // in the list of silent sends
};

class Multishot : public RingWorker<Multishot, MultishotSession> {
 public:
  using RingWorker::RingWorker;

  static void prepare_accept(io_uring_sqe& sqe, int listener) noexcept {
    io_uring_prep_multishot_accept(&sqe, listener, nullptr, nullptr, SOCK_CLOEXEC);
  }

  void begin(MultishotSession& session) { advance(session); }

  void complete(MultishotSession& session, const Completion& completion) {
    if (completion.operation() == Operation::send) {
      if (session.silent) {
        forget_silent(session);
        session.must_tell = true;
      }
      on_sent(session, completion.result);
    } else {
      on_received(session, completion);
    }
    advance(session);
  }

  // Sends of earlier rounds of which no failure came are over.
  void after_completions() {
    if (silent_.empty()) return;
    settling_.swap(silent_);
    for (MultishotSession* const session : settling_) {
      if (session == nullptr) continue;
      if (session->sent_in == ring().round()) {
        session->place = silent_.size();
        silent_.push_back(session);
      } else {
        on_silently_sent(*session);
        advance(*session);
      }
    }
    settling_.clear();
  }

  // What waits for a request behind a silent send is not known to be idle before the next wait
  // ends.
  int longest_wait_ms() const noexcept { return silent_.empty() ? -1 : 500; }

  // Nothing of the connection's is with the kernel but an output, which it then gives up.
  void expire(MultishotSession& session) {
    session.connection.expire();
    advance(session);
  }

 private:
  // Does what the connection wants, as far as it can be done now.
  void advance(MultishotSession& session) {
    http::Connection& connection = session.connection;
    while (true) {
      switch (connection.want()) {
        case http::Want::write:
          set_deadline(session);
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
          set_deadline(session);
          return session.receiving ? void() : receive(session);
        case http::Want::half_close:
          half_close(session);
          if (session.is_half_closing) return;
          break;
        case http::Want::close:
          return end(session);
      }
    }
  }

  void receive(MultishotSession& session) {
    io_uring_sqe& sqe = ring().next(Operation::receive, &session);
    io_uring_prep_recv_multishot(&sqe, session.socket(), nullptr, 0, session.receive_flags());
    if (bundles_) sqe.ioprio |= uapi::recvsend_bundle;
    sqe.flags |= IOSQE_BUFFER_SELECT;
    sqe.flags |= session.socket_flags();
    sqe.buf_group = BufferRing::group;
    session.receiving = true;
    ++counters().rearms;
  }

  void on_received(MultishotSession& session, const Completion& completion) {
    const int result = completion.result;
    if (session.silent && session.sent_in != ring().round()) {
      forget_silent(session);
      on_silently_sent(session);
    } else if (session.silent) {
      ring().look_only();  // this has to go on when the send is over, and nothing may tell of that
    }
    session.receiving = completion.has_more();
    buffers_.take(completion, [&](std::span<const char> bytes) { take(session, bytes); });
    if (result > 0) {
      counters().bytes_in += static_cast<std::size_t>(result);
    } else if (result == 0) {
      session.ended = true;
    } else if (result == -EAGAIN && session.looks_once) {
      session.ended = session.is_over();
    } else if (result != -ENOBUFS && result != -ECANCELED && result != -EINTR) {
      counters().count_error(-result);
      session.connection.abort();
    }
  }

  void take(MultishotSession& session, std::span<const char> bytes) {
    if (session.connection.want() == http::Want::read && session.waiting.empty()) {
      session.connection.receive(bytes);
    } else if (session.connection.want() != http::Want::close) {
      try {
        session.waiting.append(bytes.data(), bytes.size());
      } catch (const std::bad_alloc&) {
        session.connection.abort();
        return;
      }
      if (session.waiting.size() > most_waiting && session.receiving) {
        cancel(Operation::receive, &session);
      }
    }
  }

  void send(MultishotSession& session) {
    const std::span<const char> bytes = session.connection.output();
    const bool silent =
        may_be_silent(session) && !is_zero_copy(session, bytes) && has_room_for_silent();
    io_uring_sqe& sqe = ring().next(Operation::send, &session);
    prepare_send(sqe, session, bytes,
                 silent ? MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL : MSG_NOSIGNAL);
    if (silent) {
      sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
      remember_silent(session);
    }
    session.must_tell = false;
    session.sending = true;
    ++counters().send_calls;
  }

  void on_sent(MultishotSession& session, int result) {
    session.sending = false;
    if (session.connection.want() == http::Want::write) {
      if (result >= 0) {
        counters().bytes_out += static_cast<std::size_t>(result);
        session.connection.consume(static_cast<std::size_t>(result));
      } else if (result != -EINTR && result != -EAGAIN) {
        counters().count_error(-result);
        session.connection.abort();
      }
    }
  }

  // The session goes when nothing of it is with the kernel.
  void end(MultishotSession& session) {
    if (!session.receiving && !session.sending && !session.is_half_closing) return close(session);
    if (!session.given_up) give_up(session);  // completes all
    session.given_up = true;
  }

  // With skip-success. Nothing tells that such a send succeeded but that its failure would have
  // been told before: with MSG_DONTWAIT the kernel never keeps it, so it is over when a call has
  // submitted it, and a failure, EAGAIN and a part (MSG_WAITALL) complete in that call.
  // IOSQE_CQE_SKIP_SUCCESS alone would not do: a send that waits for room is silent, too, and its
  // bytes must stay. Only a last output, with the receive armed, is sent so: nothing has to be done
  // when it has gone, and the next receive finds it settled.
  bool may_be_silent(const MultishotSession& session) const noexcept {
    return skips_success_ && !session.must_tell && session.receiving && session.waiting.empty() &&
           !session.ended && session.connection.is_last_output();
  }

  // In both lists, which take turns.
  bool has_room_for_silent() noexcept {
    return has_room(silent_, silent_.size() + 1) && has_room(settling_, silent_.size() + 1);
  }

  void remember_silent(MultishotSession& session) {
    session.silent = true;
    session.sent_in = ring().round();
    session.place = silent_.size();
    silent_.push_back(&session);
  }

  void forget_silent(MultishotSession& session) noexcept {
    silent_[session.place] = nullptr;
    session.silent = false;
  }

  void on_silently_sent(MultishotSession& session) {
    session.silent = false;
    on_sent(session, static_cast<int>(session.connection.output().size()));
  }

  bool skips_success_ = config().has(ring_options::skip_success);
  std::vector<MultishotSession*> silent_;  // sends that nobody has told of; holes are null
  std::vector<MultishotSession*> settling_;
  bool bundles_ = config().has(ring_options::bundles);
  BufferRing buffers_{ring(), ring_options::buffers(config()), bundles_};
};

Support probe() {
  // Multishot receive has no number of its own; it came with SEND_ZC, in Linux 6.0.
  return probe_ring({IORING_OP_ACCEPT, IORING_OP_RECV, IORING_OP_SEND, IORING_OP_SEND_ZC}, true);
}

constexpr std::array options{ring_options::plain_ring,
                             ring_options::sqpoll,
                             ring_options::wait_batch,
                             ring_options::small_buffers,
                             ring_options::large_buffers,
                             ring_options::skip_success,
                             ring_options::bundles,
                             ring_options::incremental_buffers,
                             ring_options::direct_descriptors,
                             ring_options::zero_copy};
constexpr std::array uncounted{&Counters::recv_calls, &Counters::would_block};

}  // namespace

extern const Backend uring_multishot;
const Backend uring_multishot{
    .name = "uring-multishot",
    .model = "completion: io_uring(7), multishot accept and receive, provided-buffer ring",
    .sharings = own_listeners,
    .probe = probe,
    .run = run_worker_per_listener<Multishot>,
    .uncounted = uncounted,
    .options = options,
};

}  // namespace duelio::backends
