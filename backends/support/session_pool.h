#pragma once

#include <memory>
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
    while (first_ != nullptr) close(*first_);
    while (free_ != nullptr) {
      Slot* const slot = free_;
      free_ = slot->next;
      delete slot;
    }
  }

  Session& open(os::UniqueFd fd, http::Workspace& workspace) {
    Slot* slot = free_;
    if (slot != nullptr) {
      free_ = slot->next;
    } else {
      slot = new Slot;
    }
    auto* const session = std::construct_at(&slot->session, std::move(fd), workspace);
    session->next = first_;
    if (first_ != nullptr) first_->previous = session;
    first_ = session;
    return *session;
  }

  // Closes the descriptor too.
  void close(Session& session) noexcept {
    (session.previous != nullptr ? session.previous->next : first_) = session.next;
    if (session.next != nullptr) session.next->previous = session.previous;
    auto* const slot = reinterpret_cast<Slot*>(&session);
    std::destroy_at(&session);
    slot->next = free_;
    free_ = slot;
  }

  bool empty() const noexcept { return first_ == nullptr; }

  // visit(session) may close that session.
  template <class Visit>
  void for_each(Visit visit) {
    for (Session* session = first_; session != nullptr;) {
      Session* const next = session->next;
      visit(*session);
      session = next;
    }
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

  Session* first_ = nullptr;
  Slot* free_ = nullptr;
};

using SessionPool = Pool<Session>;

}  // namespace duelio
