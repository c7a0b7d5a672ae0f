#pragma once

#include <algorithm>
#include <array>
#include <chrono>

#include <linux/filter.h>
#include <sys/socket.h>

#include "backends/backend.h"

// The end of a listener loses no connection that was established. close(2) resets those in its
// queue, and between the last accept that finds nobody and the close more may come, the more so as
// with SO_REUSEPORT the arrivals of those that are closed go to the others. So a stop has three
// steps: refuse_arrivals(); the model goes on as usual for settle_time(); then it empties the queue
// and closes.
//
// Steering the arrivals to the listener that closes last (SO_ATTACH_REUSEPORT_CBPF) would leave
// that one with the same gap, and make the threads wait for each other.
namespace duelio {

// From now on the kernel drops what asks for a new connection (a segment with SYN, the first that
// the filter sees of TCP's header), as if it had been lost; handshakes that are under way end. The
// peer sends its SYN again after a second (RFC 6298 section 2) and is refused then, or meets a
// successor. Connections inherit the filter (socket(7), SO_ATTACH_FILTER), which lets all their
// segments pass. Without it, were it refused, a stop is as good as close(2) is.
//
// A Unix socket loses its name: who comes from now on is refused (ENOENT), or meets a successor.
inline void refuse_arrivals(const ServerConfig& config, int listener) noexcept {
  if (config.socket_file != nullptr) return config.socket_file->remove();
  constexpr unsigned char flags_byte = 13;  // RFC 9293 section 3.1
  constexpr unsigned char syn = 0x02;
  std::array<sock_filter, 4> program{{{BPF_LD | BPF_B | BPF_ABS, 0, 0, flags_byte},
                                      {BPF_JMP | BPF_JSET | BPF_K, 0, 1, syn},
                                      {BPF_RET | BPF_K, 0, 0, 0},
                                      {BPF_RET | BPF_K, 0, 0, ~0U}}};
  const sock_fprog filter{program.size(), program.data()};
  ::setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

// How long handshakes that are under way, and the first requests of connections that have just been
// accepted, have to arrive. A peer that is further away than this may still be reset: the kernel
// does not tell of half-open connections (net.ipv4.tcp_migrate_req moves them between the listeners
// of a group, but not from the last).
inline std::chrono::milliseconds settle_time(const ServerConfig& config) noexcept {
  return std::min(config.drain_limit, std::chrono::milliseconds(50));
}

}  // namespace duelio
