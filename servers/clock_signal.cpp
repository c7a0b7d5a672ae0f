#include "servers/clock_signal.h"

#include <atomic>
#include <cerrno>
#include <csignal>

#include <unistd.h>

#include "common/os/error.h"
#include "servers/handler.h"

namespace duelio::server {
namespace {

// For the handler, which does nothing that signal-safety(7) forbids.
std::atomic<http::DateClock*> ticking{nullptr};
static_assert(std::atomic<void*>::is_always_lock_free);

// Not time(2): it may still give the second that has just ended.
std::time_t now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec;
}

timer_t timer{};

// Relative: an absolute time would wait for a clock that was set back.
void tick_at_next_second() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  itimerspec next{};
  next.it_value.tv_nsec = 1'000'000'000 - time.tv_nsec;
  if (next.it_value.tv_nsec == 1'000'000'000) next.it_value = {.tv_sec = 1, .tv_nsec = 0};
  timer_settime(timer, 0, &next, nullptr);
}

void on_second(int /*number*/) {
  const int error = errno;
  http::DateClock* const clock = ticking.load();
  if (clock != nullptr) {
    clock->set(now());
    tick_at_next_second();  // not an interval: the clock may have been set
  }
  errno = error;
}

}  // namespace

ClockSignal::ClockSignal() : clock_(now()) {
  ticking = &clock_;
  handle(SIGALRM, on_second);

  // For this thread alone: DateClock has one writer at a time.
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGALRM;
  event._sigev_un._tid = ::gettid();
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) os::throw_errno("timer_create");
  tick_at_next_second();

  sigset_t ours;  // a mask that was inherited may block it
  sigemptyset(&ours);
  sigaddset(&ours, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
}

ClockSignal::~ClockSignal() {
  ticking = nullptr;
  timer_delete(timer);
}

}  // namespace duelio::server
