// Readiness, poll(2): the portable model before epoll(7). Each thread has a listener
// (SO_REUSEPORT), an array of pollfd and sessions of its own. The kernel is told of all descriptors
// in each call and looks at all of them, and so do we: the cost grows with the connections, not
// with the active ones. That is the model.
//
// System calls per keep-alive request: recv, send, and a share of a poll. Waiting for the other
// direction costs nothing: it is a change in the array.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include <poll.h>

#include "backends/backend.h"
#include "backends/support/acceptor.h"
#include "backends/support/deadline_list.h"
#include "backends/support/room.h"
#include "backends/support/session_pool.h"
#include "backends/support/stop.h"
#include "backends/support/worker.h"
#include "backends/support/workers.h"
#include "common/os/error.h"
#include "common/os/socket.h"

namespace duelio::backends {
namespace {

class Worker {
 public:
  Worker(const ServerConfig& config, os::UniqueFd listener, const StopEvent& stop)
      : context_(config),
        acceptor_(std::move(listener), config.connections),
        deadlines_(config.deadlines),
        waits_{{stop.fd(), POLLIN, 0}, {acceptor_.listener(), POLLIN, 0}},
        owners_(first_session) {}

  void run() {
    while (waits_[0].revents == 0) wait(-1);
    waits_[0].fd = -1;  // ignored from now on
    settle(context_.config, acceptor_.listener(), [this] { wait(stop_interval_ms); });
    accept_all();
    acceptor_.close();
    waits_[1].fd = -1;
    drain(context_, sessions_, [this] { wait(stop_interval_ms); });
  }

  Counters counted() const noexcept { return context_.counted(); }

 private:
  static constexpr std::size_t first_session = 2;  // behind the stop event and the listener

  void wait(int most_ms) {
    const int timeout_ms = deadlines_.timeout_ms(most_ms);
    const int ready = ::poll(waits_.data(), waits_.size(), timeout_ms);
    ready < 0 ? on_failure(errno) : visit(ready);
    deadlines_.take_expired([this](Session& session) {
      session.connection.expire();
      drive(session);
    });
  }

  void visit(int ready) {
    ++context_.counters.wakeups;
    context_.counters.events += static_cast<unsigned>(ready);
    // From the end: a session that closes is replaced by the last one, which has had its turn.
    for (std::size_t i = waits_.size(); i > first_session && ready > 0;) {
      --i;
      if (waits_[i].revents == 0) continue;
      --ready;
      drive(*owners_[i]);
    }
    if (waits_[1].revents != 0) accept_all();
  }

  // poll(2), ERRORS.
  void on_failure(int error) {
    if (error == EINTR) return;
    if (error == EINVAL && waits_.size() > os::descriptor_limit()) return shrink();
    if (error != ENOMEM) os::throw_errno("poll", error);  // it would fail for ever
    ++context_.counters.errors_wait;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }

  // RLIMIT_NOFILE was lowered below what is waited for (prlimit(1)): the newest connections go, as
  // any further ones will find no descriptor.
  void shrink() {
    const std::size_t most = std::max(os::descriptor_limit(), first_session);
    while (waits_.size() > most) {
      ++context_.counters.errors_wait;
      close(*owners_.back());
    }
  }

  void accept_all() {
    while (os::UniqueFd fd = acceptor_.accept(context_.counters)) {
      const pollfd wait{fd.get(), POLLIN, 0};
      Session* const session =
          has_room_for_one() ? sessions_.open(fd, context_.workspace, context_.counters) : nullptr;
      if (session == nullptr) {
        context_.leave();
        continue;
      }
      waits_.push_back(wait);
      session->place = owners_.size();
      owners_.push_back(session);
      deadlines_.update(*session);
    }
  }

  // For one more; that there is none is counted.
  bool has_room_for_one() noexcept {
    const std::size_t size = waits_.size() + 1;
    if (has_room(waits_, size) && has_room(owners_, size)) return true;
    ++context_.counters.accept_refused;
    return false;
  }

  void drive(Session& session) {
    bool received = false;
    while (true) {
      switch (session.connection.want()) {
        case http::Want::read:
          if (received) return wait_for(session, POLLIN);
          received = true;
          session.receive(context_.counters);
          break;
        case http::Want::write:
          if (session.send(context_.counters)) break;
          return wait_for(session, POLLOUT);
        case http::Want::half_close:
          session.half_close();
          break;
        case http::Want::close:
          return close(session);
      }
    }
  }

  void wait_for(Session& session, short interest) noexcept {
    waits_[session.place].events = interest;
    deadlines_.update(session);
  }

  void close(Session& session) noexcept {
    const std::size_t place = session.place;
    owners_.back()->place = place;
    waits_[place] = waits_.back();
    owners_[place] = owners_.back();
    waits_.pop_back();
    owners_.pop_back();
    deadlines_.remove(session);
    context_.leave();
    sessions_.close(session);
  }

  WorkerContext context_;
  Acceptor acceptor_;
  DeadlineList<Session> deadlines_;
  SessionPool sessions_;
  std::vector<pollfd> waits_;
  std::vector<Session*> owners_;  // of waits_, by index
};

}  // namespace

extern const Backend poll;
const Backend poll{
    .name = "poll",
    .model = "readiness: poll(2)",
    .sharings = own_listeners,
    .probe = always_available,
    .run = run_worker_per_listener<Worker>,
};

}  // namespace duelio::backends
