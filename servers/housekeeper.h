#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

#include "common/http/date_clock.h"

namespace duelio::server {

// The one thread beside the workers: it turns SIGINT and SIGTERM into a stop request (a second one
// ends the process at once with 128 + the signal's number) and sets the clock once a second. So the
// workers make no clock call, and no code runs in signal context.
//
// The constructor blocks both signals for the calling thread and those it starts later, and ignores
// SIGPIPE.
class Housekeeper {
 public:
  Housekeeper();
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;
  ~Housekeeper();

  const http::DateClock& clock() const noexcept { return clock_; }
  std::stop_token stop_token() const noexcept { return stop_.get_token(); }

 private:
  void run(const std::stop_token& quit);

  http::DateClock clock_;
  std::stop_source stop_;
  sigset_t signals_{};
  std::jthread thread_;
};

}  // namespace duelio::server
