// Where a new backend starts: copy this file to <name>.cpp, add the name to the list in
// CMakeLists.txt, and replace run() by the model. It works as it is, one connection after the
// other. Say here, in at most 15 lines: the model, who waits on what, system calls per keep-alive
// request, who owns a session and its buffers, and the manual page.
#include <array>

#include <poll.h>

#include "backends/backend.h"
#include "backends/support/acceptor.h"
#include "backends/support/session.h"
#include "backends/support/worker.h"
#include "backends/support/workers.h"

namespace duelio::backends {
namespace {

// True when `fd` is ready, false when a stop was requested first.
bool wait_for(int fd, short interest, const StopEvent& stop) {
  std::array<pollfd, 2> fds{{{fd, interest, 0}, {stop.fd(), POLLIN, 0}}};
  while (::poll(fds.data(), fds.size(), -1) < 0) {  // EINTR
  }
  return fds[0].revents != 0;
}

void serve(Session& session, const StopEvent& stop, Counters& counters) {
  while (true) {
    switch (session.connection.want()) {
      case http::Want::read:
        if (!wait_for(session.fd(), POLLIN, stop)) return;
        session.receive(counters);
        break;
      case http::Want::write:
        if (!session.send(counters) && !wait_for(session.fd(), POLLOUT, stop)) return;
        break;
      case http::Want::half_close:
        session.half_close();
        break;
      case http::Want::close:
        return;
    }
  }
}

Counters run(const ServerConfig& config, Listeners listeners, const StopEvent& stop) {
  Acceptor acceptor(std::move(listeners.front()));
  WorkerContext context(config);
  pin_worker(config, 0);
  while (wait_for(acceptor.listener(), POLLIN, stop)) {
    if (os::UniqueFd fd = acceptor.accept(context.counters)) {
      Session session(std::move(fd), context.workspace);
      serve(session, stop, context.counters);
    }
  }
  return context.counted();
}

constexpr std::array sharings{Sharing::per_thread};

}  // namespace

extern const Backend skeleton;
const Backend skeleton{
    .name = "skeleton",
    .model = "blocking: one connection at a time",
    .sharings = sharings,
    .probe = always_available,
    .run = run,
};

}  // namespace duelio::backends
