#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "common/os/unique_fd.h"

namespace duelio::compare {

// A child process with its stdin and stdout on pipes. It dies with us (PR_SET_PDEATHSIG), is a
// group of its own, so that Ctrl-C reaches it only by our hand, and is always waited for.
class Process {
 public:
  struct How {
    std::vector<int> cpus;  // empty: as ours
    std::size_t environment_pad =
        0;  // bytes added to the environment: moves the stack (Mytkowicz et al., 2009)
    std::string variable;      // NAME=VALUE, one more of its environment
    int output = -1;           // a file that takes stdout and stderr; read_line() has nothing then
    bool with_stderr = false;  // read_line() has that, too
    int network = -1;          // a namespace that it enters (setns(2)); -1: stays in ours
  };

  // Throws std::system_error that names the program.
  Process(const std::vector<std::string>& arguments, const How& how);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();  // kills what still runs

  pid_t pid() const noexcept { return pid_; }

  // Children of ours that somebody waits for by number.
  static bool owns(pid_t pid);
  static void own(pid_t pid);
  static void disown(pid_t pid);

  // A line to its stdin. False when it reads no more.
  bool write_line(std::string_view line) const noexcept;

  // The next line of stdout without its newline. None when the stream has ended, the time is up, or
  // a signal asked us to stop (interrupted()).
  std::optional<std::string> read_line(std::chrono::milliseconds limit);

  void signal(int number) const noexcept;

  // The wait status; sends SIGKILL when the process takes longer than the limit.
  int wait(std::chrono::milliseconds limit);

  bool is_running() noexcept;

 private:
  pid_t pid_ = -1;
  os::UniqueFd pidfd_;
  os::UniqueFd input_;
  os::UniqueFd output_;
  std::string buffer_;
  std::optional<int> status_;
};

// Where our own executables are: beside this one.
std::string executables_folder();

// "exit code 1", "signal 9 (SIGKILL)".
std::string describe_status(int wait_status);

// SIGINT and SIGTERM from now on only set a flag.
void catch_signals();
bool interrupted() noexcept;
int interruption() noexcept;  // the first signal's number; 0: none came

}  // namespace duelio::compare
