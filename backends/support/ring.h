#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>

#include <liburing.h>

#include "backends/backend.h"

// What the io_uring(7) models share. For backends/uring*.cpp only: liburing stays out of all other
// headers.
namespace duelio {

// A submission and a completion queue for one thread: single issuer, and task work deferred to the
// wait, so that a completion never interrupts the thread (io_uring_setup(2):
// IORING_SETUP_SINGLE_ISSUER, IORING_SETUP_DEFER_TASKRUN).
class Ring {
 public:
  // Throws std::system_error. Made by any thread; enable() makes the calling one the issuer.
  Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { io_uring_queue_exit(&ring_); }
  void enable();

  // A submission to fill in; never null: a full queue is submitted first, which costs a system call
  // and loses nothing.
  io_uring_sqe& next() noexcept {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    while (sqe == nullptr) {
      // EBUSY or EAGAIN: completions are to be made room for first, which this does.
      if (io_uring_submit(&ring_) < 0) io_uring_get_events(&ring_);
      sqe = io_uring_get_sqe(&ring_);
    }
    return *sqe;
  }

  // Submits what was filled in and waits for a completion, in one system call; calls
  // visit(user_data, result, flags) for each. Returns how many there were. A negative timeout waits
  // for ever.
  template <class Visit>
  unsigned wait(int timeout_ms, Visit visit) {
    if (timeout_ms < 0) {
      io_uring_submit_and_wait(&ring_, 1);
    } else {
      __kernel_timespec timeout{timeout_ms / 1000, (timeout_ms % 1000) * 1'000'000LL};
      io_uring_cqe* first = nullptr;
      io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
    }
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      visit(cqe->user_data, cqe->res, cqe->flags);
      ++count;
    }
    io_uring_cq_advance(&ring_, count);
    return count;
  }

  // A completion with this user_data in 10 ms: when to try again what descriptors or memory did not
  // allow. At once it would spin, and sleeping would hold up the sessions.
  void pause(std::uint64_t user_data) noexcept {
    io_uring_sqe& sqe = next();
    io_uring_prep_timeout(&sqe, &pause_, 0, 0);
    sqe.user_data = user_data;
  }

  io_uring* get() noexcept { return &ring_; }

 private:
  io_uring ring_{};
  __kernel_timespec pause_{.tv_sec = 0, .tv_nsec = 10'000'000};
};

// Buffers that the kernel picks from as data arrives (io_uring_register_buf_ring(3)): idle
// connections need none.
class BufferRing {
 public:
  static constexpr unsigned count = 256;
  static constexpr unsigned size = 16 * 1024;
  static constexpr int group = 0;

  explicit BufferRing(Ring& ring);  // throws std::system_error
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;
  ~BufferRing();

  std::span<const char> data(unsigned id, std::size_t length) const noexcept {
    return {memory_.get() + std::size_t{id} * size, length};
  }
  void give_back(unsigned id) noexcept {
    io_uring_buf_ring_add(buffers_, memory_.get() + std::size_t{id} * size, size,
                          static_cast<std::uint16_t>(id), io_uring_buf_ring_mask(count), 0);
    io_uring_buf_ring_advance(buffers_, 1);
  }

 private:
  Ring& ring_;
  io_uring_buf_ring* buffers_ = nullptr;
  std::unique_ptr<char[]> memory_;
};

// Ask the running kernel for a ring, for these operations and, where wanted, for a buffer ring; say
// which of kernel, sysctl, seccomp and memory limit is in the way, and what to do about it.
Support probe_ring(std::initializer_list<int> operations, bool buffer_ring);
Support probe_asio_ring();  // the plain one that Boost.Asio sets up

// Whether bytes wait in the socket that the receive which is with the kernel is yet to take.
bool has_input(int fd) noexcept;

// io_uring honours O_NONBLOCK: a descriptor that has it set completes with EAGAIN instead of
// waiting.
void make_blocking(int fd) noexcept;

}  // namespace duelio
