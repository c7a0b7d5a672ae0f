#pragma once

#include <array>

#include "backends/backend.h"

// Of Boost.Asio's models: without a header of Asio, for duelio-server lists those of the model that
// has an executable of its own, too. Their default is a hint of 1 where each thread has an
// io_context, and Asio's own where threads share one.
namespace duelio::asio_options {

inline constexpr std::array<std::string_view, 2> other_hints{"hint-unsafe-io", "hint-unsafe"};
inline constexpr std::array<std::string_view, 1> no_locks{"hint-unsafe"};
inline constexpr std::array own_contexts{Sharing::per_thread, Sharing::steered};

inline constexpr Option hint_default{
    .name = "hint-default",
    .about =
        "io_context() without a concurrency hint, as the tutorial has it: locks as for many "
        "threads",
    .not_with = other_hints};
inline constexpr Option hint_unsafe_io{
    .name = "hint-unsafe-io",
    .about =
        "BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO: no locks for descriptors; needs a context a "
        "thread",
    .not_with = no_locks,
    .sharings = own_contexts};
inline constexpr Option hint_unsafe{
    .name = "hint-unsafe",
    .about = "BOOST_ASIO_CONCURRENCY_HINT_UNSAFE: no locks at all; needs a context a thread",
    .sharings = own_contexts};

// Of several timers that wait beside each other one may not come until five minutes are over, and
// with a descriptor that is waited for in their place other operations stay away.
inline constexpr std::string_view no_deadlines =
    "Asio's io_uring service loses timers that wait beside others (chriskohlhoff/asio issue 1530)";

inline constexpr std::array all{hint_default, hint_unsafe_io, hint_unsafe};

}  // namespace duelio::asio_options
