#pragma once

#include "common/http/date_clock.h"

namespace duelio::server {

// Sets the clock each second, by SIGALRM in the thread that made it, so that a server with one
// worker has one thread: a second one, even if it only sleeps, makes each system call of the first
// dearer (the kernel then counts references to the descriptor, the C library guards cancellation
// points, shared pointers become atomic), and would charge that to the I/O model.
//
// One at a time; the signal keeps its handler when it goes.
class ClockSignal {
 public:
  ClockSignal();  // throws std::system_error
  ClockSignal(const ClockSignal&) = delete;
  ClockSignal& operator=(const ClockSignal&) = delete;
  ~ClockSignal();

  const http::DateClock& clock() const noexcept { return clock_; }

 private:
  http::DateClock clock_;
};

}  // namespace duelio::server
