#pragma once

#include <atomic>
#include <string>

namespace duelio::loadgen {

// Set by SIGINT and SIGTERM once they are handled.
extern std::atomic<bool> interrupted;

// One of either asks for an end: what was measured is written. Another that comes more than 200 ms
// after the first ends the process at once; until then it is the same (one key press may arrive
// twice, from the terminal and from a shell or a wrapper). SIGPIPE is ignored.
void handle_signals();

// A file that must not outlive the process while it is unfinished; one at a time.
class Unfinished {
 public:
  explicit Unfinished(const std::string& file) noexcept;
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished();
};

}  // namespace duelio::loadgen
