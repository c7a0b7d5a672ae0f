#pragma once

#include <atomic>

namespace duelio {

// Where threads take turns with an object the kernel orders them (epoll_ctl before the epoll_wait
// that reports it), but the C++ memory model knows nothing of that. Plain moves on x86.
class Turn {
 public:
  void give() noexcept { mark_.store(true, std::memory_order_release); }
  void take() const noexcept { static_cast<void>(mark_.load(std::memory_order_acquire)); }

 private:
  std::atomic<bool> mark_{false};
};

}  // namespace duelio
