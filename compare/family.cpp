#include "compare/family.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os/error.h"
#include "compare/process.h"

namespace duelio::compare {

namespace {

using std::chrono::milliseconds;

struct Status {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = 0;
  unsigned long long started = 0;  // clock ticks since boot

  bool is_gone() const noexcept { return state == 'Z' || state == 'X'; }
};

std::optional<Status> status_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The name, in parentheses, may hold anything: fields count from behind it, the state is 3.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  Status status{.pid = pid};
  fields >> status.state >> status.parent >> status.group >> status.session;
  std::string skipped;
  for (int field = 7; field < 22; ++field) fields >> skipped;
  if (!(fields >> status.started)) return std::nullopt;
  return status;
}

std::vector<Status> all_processes() {
  std::vector<Status> all;
  std::error_code error;
  for (const auto& folder : std::filesystem::directory_iterator("/proc", error)) {
    const pid_t pid = std::atoi(folder.path().filename().c_str());
    if (pid <= 0) continue;
    if (const auto status = status_of(pid)) all.push_back(*status);
  }
  return all;
}

bool has_mark(pid_t pid, const std::string& mark) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/environ");
  std::string variable;
  while (std::getline(file, variable, '\0')) {
    if (variable == mark) return true;
  }
  return false;
}

// The process that the kernel started last in our namespace: the fifth word.
std::string last_started() {
  std::ifstream file("/proc/loadavg");
  std::string word;
  for (int i = 0; i < 5; ++i) file >> word;
  return word;
}

// Adds children of members until there are no more.
void add_descendants(const std::vector<Status>& all, std::set<pid_t>& members) {
  for (bool is_new = true; is_new;) {
    is_new = false;
    for (const Status& each : all) {
      if (members.contains(each.parent)) is_new |= members.insert(each.pid).second;
    }
  }
}

bool is_of(const Status& process, pid_t root) {
  return process.pid == root || process.group == root || process.session == root;
}

}  // namespace

Family::Mark::Mark() {
  static int count = 0;
  variable = "DUELIO_FAMILY=" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

Family::Family() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (const Status& each : all_processes()) {
    if (each.parent == ::getpid()) strangers_.push_back(each.pid);
  }
}

void Family::begin(pid_t root) {
  root_ = root;
  guard_ = std::make_unique<Guard>(root, mark_.variable);
  look(false);
}

void Family::adopt() {
  look(true);
}

const std::vector<pid_t>& Family::members() {
  if (last_started() != last_started_) {
    look(false);
  } else {
    std::erase_if(members_, [](pid_t pid) {
      const auto status = status_of(pid);
      return !status || status->is_gone();
    });
  }
  return members_;
}

void Family::look(bool adopts) {
  last_started_ = last_started();  // before: what starts meanwhile is looked for again
  const std::vector<Status> all = all_processes();
  const pid_t self = ::getpid();
  std::set<pid_t> family;
  for (const Status& each : all) {
    const auto known = known_.find(each.pid);
    bool is_member = is_of(each, root_) || (known != known_.end() && known->second == each.started);
    if (!is_member && each.parent == self && !Process::owns(each.pid)) {
      const bool is_stranger =
          std::find(strangers_.begin(), strangers_.end(), each.pid) != strangers_.end();
      is_member = (adopts && !is_stranger) || has_mark(each.pid, mark_.variable);
    }
    if (is_member) family.insert(each.pid);
  }
  add_descendants(all, family);
  known_.clear();
  members_.clear();
  for (const Status& each : all) {
    if (!family.contains(each.pid)) continue;
    known_.emplace(each.pid, each.started);
    if (!each.is_gone()) {
      members_.push_back(each.pid);
    } else if (each.parent == self && !Process::owns(each.pid)) {
      ::waitpid(each.pid, nullptr, WNOHANG);
    }
  }
  std::stable_partition(members_.begin(), members_.end(), [&](pid_t pid) { return pid == root_; });
}

void Family::signal(int number) {
  for (const pid_t pid : members_) ::kill(pid, number);
}

void Family::end(int limit_ms) {
  if (root_ < 0) return;
  const auto deadline = std::chrono::steady_clock::now() + milliseconds(limit_ms);
  look(false);
  signal(SIGTERM);
  while (!members_.empty()) {
    std::this_thread::sleep_for(milliseconds(2));
    look(false);
    // Again and again: a process that is just being started is seen at the next look.
    if (std::chrono::steady_clock::now() > deadline) signal(SIGKILL);
  }
  guard_.reset();
}

Family::Guard::Guard(pid_t root, const std::string& mark) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) os::throw_errno("pipe");
  const os::UniqueFd read_end(ends[0]);
  pipe_ = os::UniqueFd(ends[1]);
  pid_ = ::fork();
  if (pid_ < 0) os::throw_errno("fork");
  if (pid_ > 0) {
    Process::own(pid_);
    return;
  }
  ::setsid();
  ::dup2(ends[0], STDIN_FILENO);
  ::close_range(STDIN_FILENO + 1, ~0U, 0);  // pipes of others end with us, not with the guard
  char word = 0;
  ssize_t size = 0;
  do {
    size = ::read(STDIN_FILENO, &word, 1);
  } while (size < 0 && errno == EINTR);
  for (int i = 0; size == 0 && i < 1000; ++i) {
    const std::vector<Status> all = all_processes();
    std::set<pid_t> family;
    for (const Status& each : all) {
      if (is_of(each, root) || has_mark(each.pid, mark)) family.insert(each.pid);
    }
    add_descendants(all, family);
    std::size_t alive = 0;
    for (const Status& each : all) {
      if (!family.contains(each.pid) || each.is_gone() || each.pid == ::getpid()) continue;
      ::kill(each.pid, SIGKILL);
      ++alive;
    }
    if (alive == 0) break;
    std::this_thread::sleep_for(milliseconds(2));
  }
  ::_exit(0);
}

Family::Guard::~Guard() {
  [[maybe_unused]] const ssize_t written = ::write(pipe_.get(), "q", 1);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  Process::disown(pid_);
}

}  // namespace duelio::compare
