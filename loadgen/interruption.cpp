#include "loadgen/interruption.h"

#include <csignal>
#include <cstdint>

#include <unistd.h>

#include "common/cli.h"
#include "common/os/cpu.h"

namespace duelio::loadgen {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // set in a signal handler

namespace {

std::atomic<std::int64_t> first_signal_ns{0};
std::atomic<const char*> unfinished{nullptr};

void on_signal(int /*number*/) {
  constexpr std::int64_t same_ns = 200'000'000;
  const std::int64_t now = os::monotonic_ns();  // clock_gettime(2): signal-safety(7)
  std::int64_t first = 0;
  if (first_signal_ns.compare_exchange_strong(first, now)) {
    interrupted.store(true, std::memory_order_relaxed);
  } else if (now - first > same_ns) {
    if (const char* const file = unfinished.load(); file != nullptr) ::unlink(file);
    ::_exit(cli::exit_interrupted);
  }
}

}  // namespace

void handle_signals() {
  if (!interrupted) first_signal_ns = 0;  // a new load in the same process
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Unfinished::Unfinished(const std::string& file) noexcept {
  unfinished = file.c_str();
}

Unfinished::~Unfinished() {
  unfinished = nullptr;
}

}  // namespace duelio::loadgen
