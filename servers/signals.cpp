#include "servers/signals.h"

#include <atomic>
#include <cerrno>
#include <csignal>

#include <unistd.h>

#include "common/os/cpu.h"
#include "common/os/error.h"
#include "servers/handler.h"

namespace duelio::server {
namespace {

constexpr std::int64_t same_press_ns = 200'000'000;

// For the handler, which does nothing that signal-safety(7) forbids.
std::atomic<const StopEvent*> stoppable{nullptr};
std::atomic<std::int64_t> first_at_ns{0};  // 0: no signal yet
static_assert(std::atomic<void*>::is_always_lock_free &&
              std::atomic<std::int64_t>::is_always_lock_free);

void on_stop(int number) {
  const int error = errno;
  std::int64_t first = 0;
  const std::int64_t now = os::monotonic_ns();
  if (!first_at_ns.compare_exchange_strong(first, now) && now - first > same_press_ns) {
    _exit(128 + number);
  }
  const StopEvent* const stop = stoppable.load();
  if (stop != nullptr) stop->request();
  errno = error;
}

sigset_t stop_signals() noexcept {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM}) sigaddset(&set, number);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  stoppable = &stop_;
  for (const int number : {SIGINT, SIGTERM}) handle(number, on_stop);
  handle(SIGPIPE, SIG_IGN);
  const sigset_t ours = stop_signals();  // a mask that was inherited may block them
  pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
}

StopSignals::~StopSignals() {
  stoppable = nullptr;
}

bool StopSignals::is_stopping() noexcept {
  return first_at_ns.load() != 0;
}

void StopSignals::hold_for_next_program() noexcept {
  const sigset_t ours = stop_signals();
  pthread_sigmask(SIG_BLOCK, &ours, nullptr);
  // One that came before goes to the next program, too.
  if (is_stopping()) ::raise(SIGTERM);
}

}  // namespace duelio::server
