// Readiness, level-triggered: epoll(7) as poll(2) with a faster list, the mode most programs begin
// with. A session waits for input; only while an answer does not fit into the socket's buffer it
// waits for output instead (EPOLL_CTL_MOD, twice). Each thread has a listener (SO_REUSEPORT), an
// epoll(7) instance and sessions of its own: the loop is in support/epoll_worker.h.
//
// System calls per keep-alive request: recv, send, and a share of an epoll_wait. One receive per
// event: what is left makes the descriptor ready again in the next wait, after the others had their
// turn.
#include <array>

#include "backends/backend.h"
#include "backends/support/epoll_worker.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

class LevelTriggered : public EpollWorker<LevelTriggered> {
 public:
  using EpollWorker::EpollWorker;
  static constexpr std::uint32_t interest = EPOLLIN;

  void drive(Session& session, std::uint32_t happened) {
    // The events that were waited for come alone, or with errors and hang-ups, which nobody waits
    // for.
    const bool waits_for_output = (happened & EPOLLOUT) != 0;
    bool received = false;
    while (true) {
      switch (session.connection.want()) {
        case http::Want::read:
          if (waits_for_output) return wait_for(session, EPOLLIN);
          if (received) return;
          received = true;
          session.receive(counters());
          break;
        case http::Want::write:
          if (session.send(counters())) break;
          if (!waits_for_output) wait_for(session, EPOLLOUT);
          return;
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

extern const Backend epoll_lt;
const Backend epoll_lt{
    .name = "epoll-lt",
    .model = "readiness: epoll(7), level-triggered",
    .sharings = epoll_options::sharings,
    .probe = always_available,
    .run = run_worker_per_listener<LevelTriggered>,
    .options = epoll_options::all,
};

}  // namespace duelio::backends
