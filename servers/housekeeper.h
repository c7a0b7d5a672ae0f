#pragma once

#include "backends/stop_event.h"
#include "common/http/date_clock.h"

namespace duelio::server {

// What a server does beside serving, in signal handlers, so that a server with one worker has one
// thread: a second one, even if it only sleeps, makes each system call of the first dearer (the
// kernel then counts references to the descriptor, the C library guards cancellation points, shared
// pointers become atomic), and would charge that to the I/O model.
//
// SIGINT and SIGTERM request a stop; a second one ends the process at once with 128 + its number.
// SIGALRM sets the clock, each second, in the thread that made the housekeeper. SIGPIPE is ignored.
// One at a time; signals keep their handlers when it goes.
class Housekeeper {
 public:
  Housekeeper();  // throws std::system_error
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;
  ~Housekeeper();

  const http::DateClock& clock() const noexcept { return clock_; }
  const StopEvent& stop() const noexcept { return stop_; }

 private:
  http::DateClock clock_;
  StopEvent stop_;
};

}  // namespace duelio::server
