#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "common/os/unique_fd.h"

namespace duelio::compare {

// A process and all that descends from it, whatever its wrappers and daemons do: its children, its
// process group and session (proc(5), /proc/PID/stat), and those that were orphaned. An orphan
// comes to us (PR_SET_CHILD_SUBREAPER, prctl(2)) and is known by a variable in its environment, or,
// where a server has overwritten that to rename itself, because nobody else was starting.
class Family {
 public:
  // What the environment of the first process is to hold.
  struct Mark {
    Mark();
    std::string variable;  // "DUELIO_FAMILY=1234-1"
  };

  // Makes us the parent of orphans. Call it before the first process is started.
  Family();

  const std::string& mark() const noexcept { return mark_.variable; }

  // The first process. From now on it ends with us: a small process waits for our end, and kills
  // what is left of the family then.
  void begin(pid_t root);

  // While it starts, every orphan that nobody knew before is its own.
  void adopt();

  // Those that are alive, the first process first. Costs a line of /proc/loadavg as long as no
  // process has started on this machine since it was asked last.
  const std::vector<pid_t>& members();

  // SIGTERM to all; to those that are there after the limit SIGKILL, until none is left.
  void end(int limit_ms);

 private:
  class Guard {
   public:
    Guard(pid_t root, const std::string& mark);
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard();

   private:
    pid_t pid_ = -1;
    os::UniqueFd pipe_;  // its end tells the guard that we are gone
  };

  void look(bool adopts);
  void signal(int number);

  Mark mark_;
  pid_t root_ = -1;
  std::vector<pid_t> strangers_;               // our children before the first process was
  std::map<pid_t, unsigned long long> known_;  // and when each began, for numbers are used again
  std::vector<pid_t> members_;
  std::string last_started_;
  std::unique_ptr<Guard> guard_;
};

}  // namespace duelio::compare
