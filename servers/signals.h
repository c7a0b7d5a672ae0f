#pragma once

#include "backends/stop_event.h"

namespace duelio::server {

// SIGINT and SIGTERM as a request to stop, from main's first line on, so that there is no moment in
// which they end a server otherwise than it ends itself. A second one within 200 ms is the same key
// press, which may arrive twice (a terminal and a parent both send it); a later one ends the
// process at once with 128 + its number. SIGPIPE is ignored. One at a time; the signals keep their
// handlers when it goes.
class StopSignals {
 public:
  StopSignals();  // throws std::system_error
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  const StopEvent& stop() const noexcept { return stop_; }
  static bool is_stopping() noexcept;

  // Holds the signals back until the next program's StopSignals takes them: execv(2) keeps the mask
  // and what is pending, but no handlers.
  static void hold_for_next_program() noexcept;

 private:
  StopEvent stop_;
};

}  // namespace duelio::server
