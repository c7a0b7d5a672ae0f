#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>

#include "common/http/deadlines.h"

namespace duelio {

// A session's place in a DeadlineList, which alone touches it.
template <class T>
struct Timed {
  T* sooner = nullptr;
  T* later = nullptr;
  std::int64_t due_ms = 0;
  std::uint32_t progress = 0;
  http::Phase phase = http::Phase::idle;
  bool has_begun = false;
  bool is_timed = false;  // it is in a queue
};

// Sessions in the order in which their deadlines pass, for models that wait with a timeout. All
// deadlines of a phase have the same length, so that a queue a phase is in order by itself: a
// session goes to the end of its queue in constant time. Without deadlines it does nothing. A
// session is Timed and has a connection. Used by one thread at a time.
template <class T>
class DeadlineList {
 public:
  explicit DeadlineList(const std::optional<http::Deadlines>& lengths) noexcept
      : lengths_(lengths) {}

  // Before a wait of at most `most_ms` (negative: for ever): its timeout. The clock is read once
  // between two waits, when it is needed.
  int timeout_ms(int most_ms) noexcept {
    if (!lengths_) return most_ms;
    int timeout = most_ms;
    for (const Queue& queue : queues_) {
      if (queue.first == nullptr) continue;
      const auto left = static_cast<int>(std::max<std::int64_t>(queue.first->due_ms - now(), 0));
      if (timeout < 0 || left < timeout) timeout = left;
    }
    is_read_ = false;
    return timeout;
  }

  // What the session waits for now: its time begins when that, or its progress, is new.
  void update(T& session) noexcept {
    if (!lengths_) return;
    const http::Phase phase = session.connection.phase();
    const std::uint32_t progress = session.connection.progress();
    if (session.has_begun && session.phase == phase && session.progress == progress)
      return session.is_timed ? void() : prepend(session);
    remove(session);
    session.has_begun = true;
    session.phase = phase;
    session.progress = progress;
    session.due_ms = now() + lengths_->length(phase).count();
    append(session);
  }

  void remove(T& session) noexcept {
    if (!session.is_timed) return;
    session.is_timed = false;
    Queue& queue = queue_of(session);
    (session.sooner != nullptr ? session.sooner->later : queue.first) = session.later;
    (session.later != nullptr ? session.later->sooner : queue.last) = session.sooner;
  }

  // After a wait. Calls visit(session) for each whose deadline has passed; it is in no queue then.
  template <class Visit>
  void take_expired(Visit visit) {
    if (!lengths_) return;
    for (Queue& queue : queues_) {
      while (queue.first != nullptr && queue.first->due_ms <= now()) {
        T& session = *queue.first;
        remove(session);
        visit(session);
      }
    }
  }

 private:
  struct Queue {
    T* first = nullptr;
    T* last = nullptr;
  };

  Queue& queue_of(const T& session) noexcept {
    return queues_[static_cast<std::size_t>(session.phase)];
  }

  void append(T& session) noexcept { insert(session, queue_of(session).last, nullptr); }

  // It was taken from there, and what was done did not end what it waits for.
  void prepend(T& session) noexcept { insert(session, nullptr, queue_of(session).first); }

  void insert(T& session, T* sooner, T* later) noexcept {
    Queue& queue = queue_of(session);
    session.is_timed = true;
    session.sooner = sooner;
    session.later = later;
    (sooner != nullptr ? sooner->later : queue.first) = &session;
    (later != nullptr ? later->sooner : queue.last) = &session;
  }

  // Coarse: some milliseconds behind at most, and no more than a read of memory.
  std::int64_t now() noexcept {
    if (is_read_) return now_ms_;
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    now_ms_ = time.tv_sec * std::int64_t{1000} + time.tv_nsec / 1'000'000;
    is_read_ = true;
    return now_ms_;
  }

  std::optional<http::Deadlines> lengths_;
  std::array<Queue, http::Deadlines::phases> queues_;
  std::int64_t now_ms_ = 0;
  bool is_read_ = false;
};

}  // namespace duelio
