#pragma once

#include <cstdint>
#include <utility>

#include "backends/support/acceptor.h"
#include "backends/support/deadline_list.h"
#include "backends/support/epoll.h"
#include "backends/support/epoll_options.h"
#include "backends/support/session_pool.h"
#include "backends/support/stop.h"
#include "backends/support/worker.h"

namespace duelio {

// The loop of the epoll models whose threads share nothing: a listener (SO_REUSEPORT, or the
// same in each set with EPOLLEXCLUSIVE), an epoll(7) instance and sessions of its own. What a
// session waits for, and what is done when it happened, is the model's: Model, made of this, has
// `interest`, as a session is registered with, and drive(session, events), which ends when the
// session would block or wants to be closed.
template <class Model>
class EpollWorker {
 public:
  EpollWorker(const ServerConfig& config, os::UniqueFd listener, const StopEvent& stop)
      : context_(config),
        batch_(epoll_options::batch(config, 64)),
        acceptor_(std::move(listener), config.connections),
        stop_(stop.fd()),
        deadlines_(config.deadlines) {
    // Level-triggered: accepting may stop early for a lack of descriptors, and there would be no
    // new edge.
    const bool is_of_all = config.sharing == Sharing::exclusive;
    epoll_.watch(acceptor_.listener(), &acceptor_, EPOLLIN | (is_of_all ? EPOLLEXCLUSIVE : 0U));
    epoll_.watch(stop_, &stop_, EPOLLIN);
  }

  void run() {
    while (!stopping_) wait(-1);
    epoll_.remove(stop_);  // it stays ready
    settle(context_.config, acceptor_.listener(), [this] { wait(stop_interval_ms); });
    accept_all();
    // The others' descriptors of it would keep it in this set.
    epoll_.remove(acceptor_.listener());
    acceptor_.close();
    drain(context_, sessions_, [this] { wait(stop_interval_ms); });
  }

  Counters counted() const noexcept { return context_.counted(); }

 protected:
  Counters& counters() noexcept { return context_.counters; }

  // Renews or changes what the session waits for.
  void wait_for(Session& session, std::uint32_t interest) {
    if (!epoll_.modify(session.fd(), &session, interest, counters())) session.connection.abort();
  }

 private:
  void wait(int most_ms) {
    const int timeout_ms = deadlines_.timeout_ms(most_ms);
    epoll_.wait(timeout_ms, batch_, counters(), [this](void* owner, std::uint32_t events) {
      if (owner == &stop_) {
        stopping_ = true;
      } else if (owner == &acceptor_) {
        accept_all();
      } else {
        drive(*static_cast<Session*>(owner), events);
      }
    });
    deadlines_.take_expired([this](Session& session) {
      session.connection.expire();
      drive(session, 0);
    });
  }

  void drive(Session& session, std::uint32_t events) {
    static_cast<Model*>(this)->drive(session, events);
    if (session.connection.want() == http::Want::close) return close(session);
    deadlines_.update(session);
  }

  // Closes the descriptor, which ends its interest too.
  void close(Session& session) noexcept {
    deadlines_.remove(session);
    context_.leave();
    sessions_.close(session);
  }

  void accept_all() {
    while (os::UniqueFd fd = acceptor_.accept(counters())) {
      Session* const session = sessions_.open(fd, context_.workspace, counters());
      if (session == nullptr) {
        context_.leave();
      } else if (!epoll_.add(session->fd(), session, Model::interest, counters())) {
        close(*session);
      } else {
        deadlines_.update(*session);
      }
    }
  }

  WorkerContext context_;
  unsigned batch_;  // events a wait
  Acceptor acceptor_;
  int stop_;
  Epoll epoll_;
  DeadlineList<Session> deadlines_;
  SessionPool sessions_;
  bool stopping_ = false;
};

}  // namespace duelio
