#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include <liburing.h>

#include "backends/backend.h"
#include "backends/support/ring_uapi.h"

// What the io_uring(7) models share. For backends/uring*.cpp only: liburing stays out of all other
// headers.
namespace duelio {

// What a submission asks for: told again by its completion, with the session that it is for.
enum class Operation : std::uint8_t {
  accept,
  accept_again,
  stop,
  cancel,  // or a close: nothing follows from its end
  receive,
  send,
  half_close,
};

// user_data: a session's address with the operation in its low bits, which are zero in what `new`
// gives. (liburing's examples/proxy.c has a union for it.)
inline constexpr std::uint64_t operation_bits = __STDCPP_DEFAULT_NEW_ALIGNMENT__ - 1;
static_assert(static_cast<std::uint64_t>(Operation::half_close) <= operation_bits);

inline std::uint64_t user_data(Operation operation, const void* session) noexcept {
  return reinterpret_cast<std::uintptr_t>(session) | static_cast<std::uint64_t>(operation);
}

struct Completion {
  std::uint64_t user_data;
  int result;      // negative: an errno
  unsigned flags;  // IORING_CQE_F_...

  Operation operation() const noexcept {
    return static_cast<Operation>(user_data & operation_bits);
  }
  template <class Session>
  Session& session() const noexcept {
    return *reinterpret_cast<Session*>(user_data & ~operation_bits);
  }
  bool has_more() const noexcept { return (flags & IORING_CQE_F_MORE) != 0; }  // it goes on
  bool has_buffer() const noexcept { return (flags & IORING_CQE_F_BUFFER) != 0; }
  // The kernel is done with the bytes of a zero-copy send.
  bool is_notification() const noexcept { return (flags & IORING_CQE_F_NOTIF) != 0; }
  unsigned buffer() const noexcept { return flags >> IORING_CQE_BUFFER_SHIFT; }
  // The kernel goes on filling that buffer (incremental-buffers).
  bool keeps_buffer() const noexcept { return (flags & uapi::cqe_buf_more) != 0; }
};

// How a ring is set up and waited for, where that is not the default.
struct RingShape {
  bool plain = false;   // without single issuer and deferred task work
  bool polled = false;  // IORING_SETUP_SQPOLL
  bool waits_for_batch = false;
};

// A submission and a completion queue for one thread: single issuer, and task work deferred to the
// wait, so that a completion never interrupts the thread (io_uring_setup(2):
// IORING_SETUP_SINGLE_ISSUER, IORING_SETUP_DEFER_TASKRUN).
class Ring {
 public:
  // Counts in `counters`, which outlive it. Throws std::system_error. Made by any thread; enable()
  // makes the calling one the issuer.
  explicit Ring(Counters& counters, const RingShape& shape = {});
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { io_uring_queue_exit(&ring_); }
  void enable();

  // A submission to fill in by an io_uring_prep_ function. A full queue is submitted first, which
  // costs a system call and loses nothing.
  io_uring_sqe& next(Operation operation, const void* session = nullptr) noexcept {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    while (sqe == nullptr) {
      make_room();
      sqe = io_uring_get_sqe(&ring_);
    }
    sqe->user_data = user_data(operation, session);
    return *sqe;
  }

  // Submits what was filled in and waits for a completion, in one system call; calls
  // visit(completion) for each. A negative timeout waits for ever. A signal may end the wait early.
  // Throws std::system_error when the ring cannot be waited for at all.
  template <class Visit>
  void wait(int timeout_ms, Visit visit) {
    submit_and_wait(timeout_ms);
    if (io_uring_sq_ready(&ring_) == 0 && !io_uring_cq_has_overflow(&ring_)) {
      ++round_;
      looks_only_ = false;
    }
    ++counters_.wakeups;
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      visit(Completion{cqe->user_data, cqe->res, cqe->flags});
      ++count;
    }
    io_uring_cq_advance(&ring_, count);
    counters_.events += count;
  }

  // A completion of this operation in 10 ms: when to try again what descriptors or memory did not
  // allow. At once it would spin, and sleeping would hold up the sessions.
  void pause(Operation operation) noexcept {
    io_uring_prep_timeout(&next(operation), &pause_, 0, 0);
  }

  // Grows in a wait when all that was submitted before it has been looked at by the kernel, and all
  // completions of that can be visited.
  std::uint64_t round() const noexcept { return round_; }

  // The next wait returns at once: something will be done then for which no completion comes.
  void look_only() noexcept { looks_only_ = true; }

  // Submits what was filled in; for the end of a ring, which forgets it.
  void flush() noexcept { io_uring_submit(&ring_); }

  io_uring* get() noexcept { return &ring_; }

 private:
  void submit_and_wait(int timeout_ms) {
    int result = 0;
    if (looks_only_) {
      result = io_uring_submit_and_get_events(&ring_);
    } else if (shape_.waits_for_batch) {
      result = submit_and_wait_for_batch(timeout_ms);
    } else if (timeout_ms < 0) {
      result = io_uring_submit_and_wait(&ring_, 1);
    } else {
      __kernel_timespec timeout{timeout_ms / 1000, (timeout_ms % 1000) * 1'000'000LL};
      io_uring_cqe* first = nullptr;
      result = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
    }
    if (result < 0) on_wait_failure(-result);
  }
  int submit_and_wait_for_batch(int timeout_ms) noexcept;
  void on_wait_failure(int error);
  void make_room() noexcept;

  Counters& counters_;
  RingShape shape_;
  std::uint64_t round_ = 0;
  bool looks_only_ = false;
  io_uring ring_{};
  __kernel_timespec pause_{.tv_sec = 0, .tv_nsec = 10'000'000};
};

// Ask the running kernel for a ring, for these operations and, where wanted, for a buffer ring; say
// which of kernel, sysctl, seccomp and memory limit is in the way, and what to do about it.
Support probe_ring(std::initializer_list<int> operations, bool buffer_ring);
Support probe_polled_ring();
Support probe_minimum_wait();
Support probe_bundles();
Support probe_incremental_buffers();
Support probe_direct_descriptors();
Support probe_zero_copy();
Support probe_asio_ring();  // the plain one that Boost.Asio sets up

}  // namespace duelio
