#pragma once

#include <cstdint>

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
  // Does not own the listener. Throws std::system_error.
  explicit Acceptor(int listener);

  // A connected non-blocking close-on-exec descriptor, or an empty one when none waits (any more).
  os::UniqueFd accept(Counters& counters) noexcept;

  int listener() const noexcept { return listener_; }

 private:
  enum class Refused : std::uint8_t {
    one,
    none,       // nobody waited
    not_known,  // another thread took the descriptor that was given up
  };
  Refused refuse_one() noexcept;

  int listener_;
  os::UniqueFd spare_;
};

}  // namespace duelio
