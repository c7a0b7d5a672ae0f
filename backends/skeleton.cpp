// Where a new backend starts: copy this file to <name>.cpp, add the name to the list in
// CMakeLists.txt, and make Worker the model. It works as it is, for each thread one connection
// after the other. Say here, in at most 15 lines: the model, who waits on what, system calls per
// keep-alive request, who owns a session and its buffers, and the manual page.
#include <array>
#include <utility>

#include <poll.h>

#include "backends/backend.h"
#include "backends/support/acceptor.h"
#include "backends/support/deadline_list.h"
#include "backends/support/session.h"
#include "backends/support/worker.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

class Worker {
 public:
  Worker(const ServerConfig& config, os::UniqueFd listener, const StopEvent& stop)
      : context_(config), acceptor_(std::move(listener), config.connections), stop_(stop) {}

  void run() {
    while (wait_for(acceptor_.listener(), POLLIN, -1)) {
      if (os::UniqueFd fd = acceptor_.accept(context_.counters)) {
        Session session(std::move(fd), context_.workspace);
        serve(session);
        deadlines_.remove(session);
        context_.leave();
      }
    }
  }

  Counters counted() const noexcept { return context_.counted(); }

 private:
  // True when `fd` is ready or the time is over, false when a stop was requested first.
  bool wait_for(int fd, short interest, int timeout_ms) {
    std::array<pollfd, 2> fds{{{fd, interest, 0}, {stop_.fd(), POLLIN, 0}}};
    while (::poll(fds.data(), fds.size(), timeout_ms) < 0) {  // EINTR
    }
    return fds[0].revents != 0 || fds[1].revents == 0;
  }

  bool wait_for(Session& session, short interest) {
    deadlines_.update(session);
    const bool goes_on = wait_for(session.fd(), interest, deadlines_.timeout_ms(-1));
    deadlines_.take_expired([](Session& late) { late.connection.expire(); });
    return goes_on;
  }

  void serve(Session& session) {
    while (true) {
      switch (session.connection.want()) {
        case http::Want::read:
          if (!wait_for(session, POLLIN)) return;
          if (session.connection.want() == http::Want::read) session.receive(context_.counters);
          break;
        case http::Want::write:
          if (!session.send(context_.counters) && !wait_for(session, POLLOUT)) return;
          break;
        case http::Want::half_close:
          session.half_close();
          break;
        case http::Want::close:
          return;
      }
    }
  }

  WorkerContext context_;
  Acceptor acceptor_;
  DeadlineList<Session> deadlines_{context_.config.deadlines};
  const StopEvent& stop_;
};

}  // namespace

extern const Backend skeleton;
const Backend skeleton{
    .name = "skeleton",
    .model = "blocking: one connection at a time",
    .sharings = own_listeners,
    .probe = always_available,
    .run = run_worker_per_listener<Worker>,
};

}  // namespace duelio::backends
