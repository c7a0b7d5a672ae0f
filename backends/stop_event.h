#pragma once

#include <fcntl.h>
#include <sys/eventfd.h>

#include "common/os/error.h"
#include "common/os/unique_fd.h"

namespace duelio {

// A request to stop, as something that every I/O model can wait for: a descriptor that becomes
// readable and stays so (eventfd(2)), for every thread that waits for it.
class StopEvent {
 public:
  StopEvent() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!fd_) os::throw_errno("eventfd");
  }

  int fd() const noexcept { return fd_.get(); }

  // For models that want a descriptor of their own. Throws std::system_error.
  os::UniqueFd duplicate() const {
    os::UniqueFd own(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
    if (!own) os::throw_errno("duplicate an eventfd");
    return own;
  }

  // May be called by any thread, more than once, and by a signal handler.
  void request() const noexcept { ::eventfd_write(fd_.get(), 1); }

 private:
  os::UniqueFd fd_;
};

}  // namespace duelio
