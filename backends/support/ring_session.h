#pragma once

#include <cassert>
#include <utility>

#include <sys/socket.h>

#include "backends/support/ring.h"
#include "common/http/connection.h"
#include "common/os/unique_fd.h"

namespace duelio {

// A socket's number in the table of a ring (direct-descriptors), which closes it.
struct DirectSocket {
  int number;
};

// A socket with its connection, of which operations may be with the kernel.
class RingSession {
 public:
  RingSession(os::UniqueFd fd, http::Workspace& workspace, http::Buffers buffers)
      : connection(workspace, buffers), fd_(std::move(fd)), number_(fd_.get()) {}
  RingSession(DirectSocket socket, http::Workspace& workspace, http::Buffers buffers)
      : connection(workspace, buffers), number_(socket.number), sqe_flags_(IOSQE_FIXED_FILE) {}

  bool is_direct() const noexcept { return sqe_flags_ != 0; }

  // For a submission, which needs the flags, too.
  int socket() const noexcept { return number_; }
  std::uint8_t socket_flags() const noexcept { return sqe_flags_; }

  // Of one that is_direct() no system call but those of the ring can do anything with the number.
  int fd() const noexcept {
    assert(!is_direct());
    return number_;
  }

  int receive_flags() const noexcept { return looks_once ? MSG_DONTWAIT : 0; }

  // A receive with receive_flags() found nothing: true when the stream ends here.
  bool is_over() noexcept { return std::exchange(looks_once, false) && connection.is_idle(); }

  http::Connection connection;
  bool is_half_closing = false;
  bool has_left = false;    // it counts no longer among those that are limited
  bool must_copy = false;   // zero-copy: the kernel may pin no more
  bool looks_once = false;  // receives what has arrived, and does not wait: at a stop

 private:
  os::UniqueFd fd_;
  int number_;
  std::uint8_t sqe_flags_ = 0;
};

}  // namespace duelio
