#pragma once

#include <csignal>

#include "common/os/error.h"

namespace duelio::server {

// Installs a handler that runs alone and restarts what it interrupts. Throws std::system_error.
inline void handle(int number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  if (sigaction(number, &action, nullptr) != 0) os::throw_errno("sigaction");
}

}  // namespace duelio::server
