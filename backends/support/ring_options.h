#pragma once

#include <array>

#include "backends/support/buffer_ring.h"

// Of the io_uring(7) models.
namespace duelio::ring_options {

// A polled ring takes submissions when it likes: nothing is known when a call returns.
inline constexpr std::array<std::string_view, 3> not_polled{"plain-ring", "wait-batch",
                                                            "skip-success"};
inline constexpr std::array<std::string_view, 1> large{"large-buffers"};

inline constexpr Option plain_ring{
    .name = "plain-ring",
    .about = "without single issuer and deferred task work: completions may interrupt the thread"};
inline constexpr Option sqpoll{
    .name = "sqpoll",
    .about =
        "a kernel thread takes the submissions: fewer calls, but it spins on a CPU for a "
        "second after the last (IORING_SETUP_SQPOLL)",
    .probe = probe_polled_ring,
    .not_with = not_polled};
inline constexpr Option wait_batch{
    .name = "wait-batch",
    .about =
        "a wait ends with 16 completions, or after 50 us with at least one: fewer calls, up "
        "to 50 us of latency; needs Linux 6.12",
    .probe = probe_minimum_wait};
inline constexpr Option small_buffers{
    .name = "small-buffers",
    .about = "1024 provided buffers of 4 KiB: more sessions can receive at once",
    .not_with = large};
inline constexpr Option large_buffers{
    .name = "large-buffers",
    .about = "256 provided buffers of 64 KiB (16 MiB a thread): fewer receives of large bodies"};
inline constexpr Option skip_success{
    .name = "skip-success",
    .about =
        "no completion for the send of a last output that the socket takes at once: one wait "
        "a request less where requests come singly (IOSQE_CQE_SKIP_SUCCESS)"};

// The same of the single-shot model.
inline constexpr Option linked_receive{
    .name = "skip-success",
    .about =
        "the next receive is linked to the send of a last output, and its completion tells of both "
        "(IOSQE_IO_LINK, IOSQE_CQE_SKIP_SUCCESS): one wait a request less where requests come "
        "singly"};
inline constexpr Option bundles{
    .name = "bundles",
    .about =
        "one completion for all the buffers that a receive fills: fewer completions of large "
        "bodies, a look-up of each buffer's neighbour; needs Linux 6.10 (IORING_RECVSEND_BUNDLE)",
    .probe = probe_bundles};
inline constexpr Option incremental_buffers{
    .name = "incremental-buffers",
    .about =
        "a provided buffer is filled by one receive after the other, and given back when it is "
        "full: fewer are given back, each has its place noted; needs Linux 6.12 "
        "(IOU_PBUF_RING_INC)",
    .probe = probe_incremental_buffers};
inline constexpr Option direct_descriptors{
    .name = "direct-descriptors",
    .about =
        "sockets in a table of the ring's, 65536 a thread at most, those beyond closed at once: no "
        "descriptor to look up and count for an operation; a half-close takes a kernel thread",
    .probe = probe_direct_descriptors};
inline constexpr Option zero_copy{
    .name = "zero-copy",
    .about =
        "outputs above 16 KiB are sent from where they lie, which costs a notification each and "
        "pins their pages; over loopback the kernel copies them all the same (IORING_OP_SEND_ZC)",
    .probe = probe_zero_copy,
    .tcp_only = true};

inline RingShape shape(const ServerConfig& config) noexcept {
  return {.plain = config.has(plain_ring),
          .polled = config.has(sqpoll),
          .waits_for_batch = config.has(wait_batch)};
}

inline BufferShape buffers(const ServerConfig& config) noexcept {
  BufferShape shape{.is_incremental = config.has(incremental_buffers)};
  if (config.has(small_buffers)) shape = {1024, 4 * 1024, shape.is_incremental};
  if (config.has(large_buffers)) shape = {256, 64 * 1024, shape.is_incremental};
  return shape;
}

}  // namespace duelio::ring_options
