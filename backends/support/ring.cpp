#include "backends/support/ring.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include <sys/syscall.h>
#include <unistd.h>

#include "backends/support/buffer_ring.h"
#include "common/os/error.h"

namespace duelio {
namespace {

constexpr unsigned submissions = 1024;
constexpr unsigned completions =
    8192;  // more are kept by the kernel (IORING_FEAT_NODROP), at a cost

int set_up_as_asio_does(io_uring& ring) noexcept {
  constexpr unsigned ring_size = 16384;  // boost/asio/detail/io_uring_service.hpp
  return io_uring_queue_init(ring_size, &ring, 0);
}

int set_up_as(const RingShape& shape, io_uring& ring) noexcept {
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  if (shape.polled) {
    parameters.flags |= IORING_SETUP_SQPOLL | IORING_SETUP_SINGLE_ISSUER;
  } else if (!shape.plain) {
    parameters.flags |= IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
  }
  parameters.cq_entries = completions;
  return io_uring_queue_init_params(submissions, &ring, &parameters);
}

int set_up(io_uring& ring) noexcept {
  return set_up_as({}, ring);
}

// wait-batch: enough for a closed loop's burst, and less than a client notices.
constexpr unsigned batch = 16;
constexpr unsigned batch_wait_us = 50;

std::string explain(int error) {
  std::string disabled;
  std::ifstream("/proc/sys/kernel/io_uring_disabled") >> disabled;
  switch (error) {
    case ENOSYS:
      return "io_uring_setup: ENOSYS: the kernel is built without io_uring, or seccomp hides it";
    case EPERM:
      if (disabled == "1" || disabled == "2") {
        return "io_uring_setup: EPERM: sysctl kernel.io_uring_disabled is " + disabled +
               " (set it to 0)";
      }
      return "io_uring_setup: EPERM: a seccomp filter forbids it (containers: allow "
             "io_uring_setup, io_uring_enter and "
             "io_uring_register)";
    case ENOMEM:
      return "io_uring_setup: ENOMEM: RLIMIT_MEMLOCK is too low (ulimit -l)";
    case EINVAL:
      return "io_uring_setup: EINVAL: the kernel does not know a flag (Linux 6.1 or later is "
             "needed)";
    default:
      return "io_uring_setup: " + std::string(os::errno_name(error));
  }
}

Support probe_operations(int (*set_up_ring)(io_uring&) noexcept,
                         std::initializer_list<int> operations) {
  io_uring ring{};
  const int error = -set_up_ring(ring);
  if (error != 0) return {.available = false, .reason = explain(error)};
  io_uring_queue_exit(&ring);
  std::unique_ptr<io_uring_probe, void (*)(io_uring_probe*)> known(io_uring_get_probe(),
                                                                   io_uring_free_probe);
  if (known == nullptr) {
    return {.available = false,
            .reason = "io_uring_register: this kernel does not say what its io_uring can do"};
  }
  for (const int operation : operations) {
    if (io_uring_opcode_supported(known.get(), operation) == 0) {
      return {.available = false,
              .reason = "this kernel's io_uring lacks operation " + std::to_string(operation) +
                        " (see io_uring_enter(2)); a newer kernel is needed"};
    }
  }
  return {};
}

// Of io_uring_params.features.
Support probe_feature(unsigned feature, const std::string& what_lacks) {
  io_uring ring{};
  const int error = -set_up(ring);
  if (error != 0) return {.available = false, .reason = explain(error)};
  const bool has_it = (ring.features & feature) != 0;
  io_uring_queue_exit(&ring);
  if (has_it) return {};
  return {.available = false, .reason = "this kernel's io_uring " + what_lacks};
}

}  // namespace

Ring::Ring(Counters& counters, const RingShape& shape) : counters_(counters), shape_(shape) {
  const int error = -set_up_as(shape, ring_);
  if (error != 0) os::throw_errno("io_uring_setup", error);
}

void Ring::enable() {
  // Debian's liburing 2.3 declares io_uring_enable_rings(3) but does not export it.
  if (::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) <
      0) {
    os::throw_errno("io_uring_register(IORING_REGISTER_ENABLE_RINGS)");
  }
  io_uring_register_ring_fd(
      &ring_);  // spares a descriptor lookup in each call; not having it only costs that
}

// io_uring_enter(2), ERRORS.
void Ring::on_wait_failure(int error) {
  switch (error) {
    case EINTR:  // a signal
    case ETIME:  // the timeout
      return;
    case EAGAIN:  // memory, or
    case EBUSY:   // completions are to be made room for, which the visit does
    case EBADR:   // a completion was dropped for a lack of memory
    case ENOMEM:
      ++counters_.errors_wait;
      return;
    default:
      os::throw_errno("io_uring_enter", error);  // EBADF, EFAULT, EINVAL: it would fail for ever
  }
}

// As io_uring_submit_and_wait(3), with the kernel's minimum wait, which liburing has from 2.8 on.
// The timeout, a long one where there is none, lets the kernel go on to wait for one when nothing
// came in the minimum wait; it ends with ETIME.
int Ring::submit_and_wait_for_batch(int timeout_ms) noexcept {
  io_uring_sq& queue = ring_.sq;
  unsigned tail = *queue.ktail;
  for (; queue.sqe_head != queue.sqe_tail; ++queue.sqe_head)
    queue.array[tail++ & *queue.kring_mask] = queue.sqe_head & *queue.kring_mask;
  __atomic_store_n(queue.ktail, tail, __ATOMIC_RELEASE);
  if (timeout_ms < 0) timeout_ms = 3'600'000;
  const __kernel_timespec timeout{timeout_ms / 1000, (timeout_ms % 1000) * 1'000'000LL};
  const uapi::GetEventsArgument argument{.min_wait_usec = batch_wait_us,
                                         .timespec = reinterpret_cast<std::uintptr_t>(&timeout)};
  unsigned flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;
  if (ring_.enter_ring_fd != ring_.ring_fd) flags |= IORING_ENTER_REGISTERED_RING;
  const long result = ::syscall(SYS_io_uring_enter, ring_.enter_ring_fd, io_uring_sq_ready(&ring_),
                                batch, flags, &argument, sizeof argument);
  return result < 0 ? -errno : static_cast<int>(result);
}

// Completions that wait in the kernel are moved to the ring, which makes room for them.
void Ring::make_room() noexcept {
  const bool is_taken = io_uring_submit(&ring_) >= 0;
  if (is_taken && shape_.polled) io_uring_sqring_wait(&ring_);
  if (is_taken) return;
  ++counters_.errors_arm;
  io_uring_get_events(&ring_);
}

Support probe_ring(std::initializer_list<int> operations, bool buffer_ring) {
  Support support = probe_operations(set_up, operations);
  if (!support.available) return support;
  std::string features = "single issuer, deferred task work";
  if (buffer_ring) {
    try {
      Counters counters;
      Ring trial(counters);
      const BufferRing buffers(trial, {}, false);
    } catch (const std::system_error& failed) {
      const bool unknown = failed.code().value() == EINVAL;
      return {.available = false,
              .reason =
                  std::string(failed.what()) + (unknown ? " (Linux 5.19 or later is needed)" : "")};
    }
    features += ", multishot accept and receive, provided-buffer ring";
  }
  return {.features = features};
}

Support probe_polled_ring() {
  io_uring ring{};
  const int error = -set_up_as({.polled = true}, ring);
  if (error != 0) return {.available = false, .reason = explain(error)};
  io_uring_queue_exit(&ring);
  return {};
}

Support probe_minimum_wait() {
  return probe_feature(uapi::feat_min_timeout,
                       "has no minimum wait (Linux 6.12 or later is needed)");
}

Support probe_bundles() {
  return probe_feature(uapi::feat_recvsend_bundle,
                       "does not receive bundles (Linux 6.10 or later is needed)");
}

Support probe_incremental_buffers() {
  try {
    Counters counters;
    Ring trial(counters);
    const BufferRing buffers(trial, {.is_incremental = true}, false);
  } catch (const std::system_error& failed) {
    const bool unknown = failed.code().value() == EINVAL;
    return {.available = false,
            .reason = unknown
                          ? "this kernel's io_uring has no incrementally consumed buffers (Linux "
                            "6.12 or later is needed)"
                          : failed.what()};
  }
  return {};
}

Support probe_zero_copy() {
  return probe_operations(set_up, {IORING_OP_SEND_ZC});
}

Support probe_asio_ring() {
  return probe_operations(set_up_as_asio_does, {IORING_OP_ACCEPT, IORING_OP_RECVMSG,
                                                IORING_OP_SENDMSG, IORING_OP_POLL_ADD});
}

}  // namespace duelio
