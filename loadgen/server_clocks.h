#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <boost/json/value.hpp>
#include <sys/types.h>
#include <time.h>

namespace duelio::loadgen {

// The CPU clocks of the server's processes, read at the edges of a window by who is there: the
// first worker.
class ServerClocks {
 public:
  explicit ServerClocks(const std::vector<pid_t>& pids);

  void at_begin() noexcept;
  void at_end() noexcept;

  // What each process has used between the edges, and the sum; null without processes.
  boost::json::value to_json() const;

 private:
  struct Clock {
    pid_t pid = 0;
    std::optional<clockid_t> id;  // none: there is no such process
    std::optional<std::int64_t> begin_ns;
    std::optional<std::int64_t> end_ns;
  };
  std::vector<Clock> clocks_;
};

}  // namespace duelio::loadgen
