#include "loadgen/interruption.h"

#include <csignal>

namespace duelio::loadgen {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // set in a signal handler

namespace {

void on_signal(int /*number*/) {
  interrupted.store(true, std::memory_order_relaxed);
}

}  // namespace

void handle_signals() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace duelio::loadgen
