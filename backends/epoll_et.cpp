// Readiness, edge-triggered: a session is registered once for both directions (EPOLLIN | EPOLLOUT |
// EPOLLRDHUP | EPOLLET) and never again; an event means "something changed", so the session is
// driven until it would block. Each thread has a listener (SO_REUSEPORT), an epoll(7) instance and
// sessions of its own: the loop is in support/epoll_worker.h.
//
// System calls per keep-alive request: recv, send, and a share of an epoll_wait. A receive that
// returns less than asked for ends the round without another that would only say EAGAIN (epoll(7),
// question 9). That is safe because EPOLLRDHUP reports an end of stream as an edge of its own.
#include <array>

#include "backends/backend.h"
#include "backends/support/epoll_worker.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

class EdgeTriggered : public EpollWorker<EdgeTriggered> {
 public:
  using EpollWorker::EpollWorker;
  static constexpr std::uint32_t interest = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

  void drive(Session& session, std::uint32_t happened) {
    const bool stream_ended = (happened & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    bool drained = false;
    for (int receives = 16;;) {
      switch (session.connection.want()) {
        case http::Want::read:
          if (drained && !stream_ended) return;
          // The others have their turn: a modified interest that is ready is queued again, at the
          // end.
          if (receives-- == 0) return wait_for(session, interest);
          switch (session.receive(counters())) {
            case Session::Received::nothing:
              return;
            case Session::Received::part:
              drained = true;
              break;
            case Session::Received::full:
              break;
          }
          break;
        case http::Want::write:
          if (!session.send(counters())) return;
          break;
        case http::Want::half_close:
          session.half_close();
          break;
        case http::Want::close:
          return;
      }
    }
  }
};

}  // namespace

extern const Backend epoll_et;
const Backend epoll_et{
    .name = "epoll-et",
    .model = "readiness: epoll(7), EPOLLET, registered once",
    .sharings = epoll_options::sharings,
    .probe = always_available,
    .run = run_worker_per_listener<EdgeTriggered>,
    .options = epoll_options::all,
};

}  // namespace duelio::backends
