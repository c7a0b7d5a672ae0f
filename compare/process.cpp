#include "compare/process.h"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os/cpu.h"
#include "common/os/error.h"

namespace duelio::compare {
namespace {

std::atomic<int> stop_signal{0};

std::set<pid_t>& owned() {
  static std::set<pid_t> pids;
  return pids;
}

void on_signal(int number) {
  int none = 0;
  stop_signal.compare_exchange_strong(none, number, std::memory_order_relaxed);
}

}  // namespace

void catch_signals() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGHUP, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() noexcept {
  return interruption() != 0;
}

int interruption() noexcept {
  return stop_signal.load(std::memory_order_relaxed);
}

Process::Process(const std::vector<std::string>& arguments, const How& how) {
  // Everything that allocates happens before fork(2).
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable)
    environment.emplace_back(*variable);
  environment.push_back("DUELIO_PAD=" + std::string(how.environment_pad, 'x'));
  if (!how.variable.empty()) environment.push_back(how.variable);
  std::vector<char*> argv;
  std::vector<char*> envp;
  argv.reserve(arguments.size() + 1);
  envp.reserve(environment.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  for (const std::string& variable : environment)
    envp.push_back(const_cast<char*>(variable.c_str()));
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  for (const int cpu : how.cpus) CPU_SET(static_cast<std::size_t>(cpu), &cpus);

  std::array<int, 2> input{};
  std::array<int, 2> output{};
  std::array<int, 2> failure{};  // carries errno when exec fails; closed by a successful one
  if (::pipe2(input.data(), O_CLOEXEC) != 0) os::throw_errno("pipe");
  const os::UniqueFd input_end(input[0]);
  input_ = os::UniqueFd(input[1]);
  if (::pipe2(output.data(), O_CLOEXEC) != 0) os::throw_errno("pipe");
  const os::UniqueFd output_end(output[1]);
  output_ = os::UniqueFd(output[0]);
  if (::pipe2(failure.data(), O_CLOEXEC) != 0) os::throw_errno("pipe");
  os::UniqueFd failure_end(failure[1]);
  const os::UniqueFd failed(failure[0]);

  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) os::throw_errno("fork");
  if (pid_ == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // it died before the call above
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGPIPE, SIG_DFL);
    ::dup2(input[0], STDIN_FILENO);
    ::dup2(how.output >= 0 ? how.output : output[1], STDOUT_FILENO);
    if (how.output >= 0 || how.with_stderr) ::dup2(STDOUT_FILENO, STDERR_FILENO);
    if ((how.network >= 0 && ::setns(how.network, CLONE_NEWNET) != 0) ||
        (!how.cpus.empty() && ::sched_setaffinity(0, sizeof cpus, &cpus) != 0)) {
      // Reported like a failed exec: errno tells.
    } else {
      ::execvpe(argv[0], argv.data(), envp.data());
    }
    const int error = errno;
    [[maybe_unused]] const ssize_t written = ::write(failure[1], &error, sizeof error);
    ::_exit(127);
  }
  failure_end.reset();
  int error = 0;
  if (::read(failed.get(), &error, sizeof error) == sizeof error) {
    ::waitpid(pid_, nullptr, 0);
    os::throw_errno("start " + arguments[0], error);
  }
  pidfd_ = os::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) os::throw_errno("pidfd_open");
  own(pid_);
}

Process::~Process() {
  if (pid_ > 0 && !status_) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  disown(pid_);
}

bool Process::owns(pid_t pid) {
  return owned().contains(pid);
}

void Process::own(pid_t pid) {
  owned().insert(pid);
}

void Process::disown(pid_t pid) {
  owned().erase(pid);
}

bool Process::write_line(std::string_view line) const noexcept {
  std::string bytes(line);
  bytes += '\n';
  for (std::string_view left = bytes; !left.empty();) {
    const ssize_t n = ::write(input_.get(), left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::optional<std::string> Process::read_line(std::chrono::milliseconds limit) {
  const std::int64_t deadline = os::monotonic_ns() + std::chrono::nanoseconds(limit).count();
  while (true) {
    if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    const std::int64_t left_ms = (deadline - os::monotonic_ns()) / 1'000'000;
    if (left_ms <= 0 || interrupted()) return std::nullopt;
    pollfd ready{output_.get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(left_ms, 200))) <= 0) continue;
    std::array<char, 65536> bytes;
    const ssize_t n = ::read(output_.get(), bytes.data(), bytes.size());
    if (n <= 0) return std::nullopt;
    buffer_.append(bytes.data(), static_cast<std::size_t>(n));
  }
}

void Process::signal(int number) const noexcept {
  if (!status_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

int Process::wait(std::chrono::milliseconds limit) {
  if (status_) return *status_;
  pollfd ended{pidfd_.get(), POLLIN, 0};
  const std::int64_t deadline = os::monotonic_ns() + std::chrono::nanoseconds(limit).count();
  while (true) {
    const std::int64_t left_ms =
        std::max<std::int64_t>((deadline - os::monotonic_ns()) / 1'000'000, 0);
    if (::poll(&ended, 1, static_cast<int>(left_ms)) > 0 || left_ms == 0) break;
  }
  // It, or what it started and left behind: until it is reaped the group's number is its own.
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  status_ = status;
  disown(pid_);
  return status;
}

bool Process::is_running() noexcept {
  if (status_) return false;
  pollfd ended{pidfd_.get(), POLLIN, 0};
  return ::poll(&ended, 1, 0) == 0;
}

std::string executables_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

std::string describe_status(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int number = WTERMSIG(wait_status);
    return "signal " + std::to_string(number) + " (SIG" + sigabbrev_np(number) + ")";
  }
  return "exit code " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace duelio::compare
