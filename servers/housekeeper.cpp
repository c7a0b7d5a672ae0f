#include "servers/housekeeper.h"

#include <atomic>
#include <cerrno>
#include <csignal>

#include <unistd.h>

#include "common/os/error.h"

namespace duelio::server {
namespace {

// For the handlers, which do nothing that signal-safety(7) forbids.
std::atomic<http::DateClock*> ticking{nullptr};
std::atomic<const StopEvent*> stoppable{nullptr};
std::atomic<bool> stopping{false};
static_assert(std::atomic<void*>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

// Not time(2): it may still give the second that has just ended.
std::time_t now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec;
}

void on_second(int /*number*/) {
  const int error = errno;
  http::DateClock* const clock = ticking.load();
  if (clock != nullptr) clock->set(now());
  errno = error;
}

void on_stop(int number) {
  const int error = errno;
  if (stopping.exchange(true)) _exit(128 + number);
  const StopEvent* const stop = stoppable.load();
  if (stop != nullptr) stop->request();
  errno = error;
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  if (sigaction(number, &action, nullptr) != 0) os::throw_errno("sigaction");
}

}  // namespace

Housekeeper::Housekeeper() : clock_(now()) {
  ticking = &clock_;
  stoppable = &stop_;
  handle(SIGALRM, on_second);
  for (const int number : {SIGINT, SIGTERM}) handle(number, on_stop);
  handle(SIGPIPE, SIG_IGN);

  // For this thread alone: DateClock has one writer at a time.
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGALRM;
  event._sigev_un._tid = ::gettid();
  if (timer_create(CLOCK_REALTIME, &event, &timer_) != 0) os::throw_errno("timer_create");
  itimerspec each_second{};
  each_second.it_value.tv_sec = now() + 1;
  each_second.it_interval.tv_sec = 1;
  if (timer_settime(timer_, TIMER_ABSTIME, &each_second, nullptr) != 0) {
    os::throw_errno("timer_settime");
  }
}

Housekeeper::~Housekeeper() {
  timer_delete(timer_);
  ticking = nullptr;
  stoppable = nullptr;
}

}  // namespace duelio::server
