#pragma once

#include <memory>
#include <new>
#include <utility>

#include "backends/support/session.h"

namespace duelio {

// Owns the sessions of a worker: knows them all (to end them at a stop) and keeps the memory of
// closed ones for the next. A session is Linked, and made of a descriptor and a workspace.
template <class Session>
class Pool {
 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    while (!empty()) close(open_.front());
    while (free_ != nullptr) {
      Slot* const slot = free_;
      free_ = slot->next;
      delete slot;
    }
  }

  // Takes the socket over: os::UniqueFd, or the number of a ring's own. Null, and the socket is
  // still the caller's, when there is no memory for a session; that is counted.
  template <class Socket>
  Session* open(Socket& socket, http::Workspace& workspace, Counters& counters) {
    Slot* slot = free_ != nullptr ? std::exchange(free_, free_->next) : new (std::nothrow) Slot;
    if (slot == nullptr) {
      ++counters.accept_refused;
      return nullptr;
    }
    auto* const session = std::construct_at(&slot->session, std::move(socket), workspace);
    open_.insert(*session);
    return session;
  }

  // Closes the descriptor too.
  void close(Session& session) noexcept {
    open_.remove(session);
    auto* const slot = reinterpret_cast<Slot*>(&session);
    std::destroy_at(&session);
    slot->next = free_;
    free_ = slot;
  }

  bool empty() const noexcept { return open_.empty(); }

  // visit(session) may close that session.
  template <class Visit>
  void for_each(Visit visit) {
    open_.for_each(visit);
  }

 private:
  union Slot {
    Slot() noexcept : next(nullptr) {}
    ~Slot() {
    }  // NOLINT(modernize-use-equals-default): a union with a session in it has no default one
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    Slot* next;
    Session session;
  };

  List<Session> open_;
  Slot* free_ = nullptr;
};

using SessionPool = Pool<Session>;

}  // namespace duelio
