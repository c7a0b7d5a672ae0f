#pragma once

#include <atomic>
#include <cstdint>

namespace duelio {

// At most so many connections at a time, of all threads of a server together.
class ConnectionLimit {
 public:
  explicit ConnectionLimit(std::uint64_t most) noexcept : most_(most) {}

  // False when that many are open. Otherwise leave() has to follow.
  bool enter() noexcept {
    std::uint64_t open = open_.load(std::memory_order_relaxed);
    while (open < most_) {
      if (open_.compare_exchange_weak(open, open + 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  void leave() noexcept { open_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  std::uint64_t most_;
  std::atomic<std::uint64_t> open_{0};
};

}  // namespace duelio
