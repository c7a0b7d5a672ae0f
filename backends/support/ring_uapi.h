#pragma once

#include <array>
#include <cstdint>

// What the headers of Debian 12 lack of the kernel's include/uapi/linux/io_uring.h. The running
// kernel is asked whether it has it.
namespace duelio::uapi {

// io_uring_params.features
inline constexpr unsigned feat_recvsend_bundle = 1U << 14U;  // Linux 6.10
inline constexpr unsigned feat_min_timeout = 1U << 15U;      // Linux 6.12

// io_uring_sqe.ioprio of a send or receive, Linux 6.10.
inline constexpr std::uint16_t recvsend_bundle = 1U << 4U;

// io_uring_cqe.flags, Linux 6.12.
inline constexpr unsigned cqe_buf_more = 1U << 4U;

// struct io_uring_buf_reg; flags was padding until Linux 6.4.
struct BufferRingRegistration {
  std::uint64_t ring_addr = 0;
  std::uint32_t ring_entries = 0;
  std::uint16_t bgid = 0;
  std::uint16_t flags = 0;
  std::array<std::uint64_t, 3> resv = {};
};
inline constexpr std::uint16_t pbuf_ring_inc = 2;  // IOU_PBUF_RING_INC, Linux 6.12

// struct io_uring_getevents_arg, as IORING_ENTER_EXT_ARG takes it; min_wait_usec was padding.
struct GetEventsArgument {
  std::uint64_t signal_mask = 0;
  std::uint32_t signal_mask_size = 0;
  std::uint32_t min_wait_usec = 0;
  std::uint64_t timespec = 0;
};

}  // namespace duelio::uapi
