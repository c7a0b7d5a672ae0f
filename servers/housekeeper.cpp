#include "servers/housekeeper.h"

#include <ctime>

#include <pthread.h>
#include <unistd.h>

namespace duelio::server {

Housekeeper::Housekeeper() : clock_(std::time(nullptr)) {
  sigemptyset(&signals_);
  for (const int number : {SIGINT, SIGTERM, SIGURG}) sigaddset(&signals_, number);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  thread_ = std::jthread([this](const std::stop_token& quit) { run(quit); });
}

Housekeeper::~Housekeeper() {
  thread_.request_stop();
  pthread_kill(thread_.native_handle(),
               SIGURG);  // ends its wait; ignored by default and not used otherwise
}

void Housekeeper::run(const std::stop_token& quit) {
  while (!quit.stop_requested()) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    clock_.set(now.tv_sec);
    const timespec until_next_second{0, 1'000'000'000 - now.tv_nsec};
    const int number = sigtimedwait(&signals_, nullptr, &until_next_second);
    if (number != SIGINT && number != SIGTERM) continue;
    if (stop_.stop_requested()) _exit(128 + number);
    stop_.request_stop();
  }
}

}  // namespace duelio::server
