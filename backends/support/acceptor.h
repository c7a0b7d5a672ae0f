#pragma once

#include <cstdint>

#include <sys/socket.h>

#include "backends/connection_limit.h"
#include "backends/counters.h"
#include "common/os/unique_fd.h"

namespace duelio {

// Takes connections from a non-blocking listener without dying and without spinning (accept(2),
// ERRORS).
//
// When descriptors run out a level-triggered listener would stay ready and turn the loop into a
// spin. So a spare descriptor is kept: it is given up to take the connection, which is closed at
// once, and opened again. When even that fails, or memory runs out, the caller waits 10 ms.
class Acceptor {
 public:
  // Connections beyond the limit, where there is one, are closed at once and counted; whoever
  // closes another tells the limit. Throws std::system_error.
  explicit Acceptor(os::UniqueFd listener, ConnectionLimit* limit = nullptr);

  // A connected close-on-exec descriptor, or an empty one when none waits (any more). Models that
  // wait in recv(2) and send(2) give 0 as flags.
  os::UniqueFd accept(Counters& counters, int flags = SOCK_NONBLOCK) noexcept;

  // No more connections are taken; those that wait are refused.
  void close() noexcept { listener_.reset(); }

  int listener() const noexcept { return listener_.get(); }

 private:
  enum class Refused : std::uint8_t {
    one,
    none,       // nobody waited
    not_known,  // another thread took the descriptor that was given up
  };
  Refused refuse_one() noexcept;

  os::UniqueFd listener_;
  ConnectionLimit* limit_;
  os::UniqueFd spare_;
};

}  // namespace duelio
