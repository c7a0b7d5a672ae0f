#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include <sys/eventfd.h>

#include "common/os/error.h"
#include "common/os/unique_fd.h"

namespace duelio {

// Makes a stop request visible to a wait for descriptors: fd() becomes readable and stays so, for
// every thread that waits for it.
class StopEvent {
 public:
  explicit StopEvent(const std::stop_token& stop)
      : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), callback_(stop, Raise{fd_.get()}) {
    if (!fd_) os::throw_errno("eventfd");
  }

  int fd() const noexcept { return fd_.get(); }

 private:
  struct Raise {
    int fd;
    void operator()() const noexcept { ::eventfd_write(fd, 1); }
  };

  os::UniqueFd fd_;
  std::stop_callback<Raise> callback_;
};

}  // namespace duelio
