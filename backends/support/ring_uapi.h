#pragma once

#include <cstdint>

// What the headers of Debian 12 lack of the kernel's include/uapi/linux/io_uring.h. The running
// kernel is asked whether it has it.
namespace duelio::uapi {

// io_uring_params.features, Linux 6.12.
inline constexpr unsigned feat_min_timeout = 1U << 15U;

// struct io_uring_getevents_arg, as IORING_ENTER_EXT_ARG takes it; min_wait_usec was padding.
struct GetEventsArgument {
  std::uint64_t signal_mask = 0;
  std::uint32_t signal_mask_size = 0;
  std::uint32_t min_wait_usec = 0;
  std::uint64_t timespec = 0;
};

}  // namespace duelio::uapi
