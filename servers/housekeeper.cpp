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

void on_stop(int number) {
  const int error = errno;
  if (stopping.exchange(true)) _exit(128 + number);
  const StopEvent* const stop = stoppable.load();
  if (stop != nullptr) stop->request();
  errno = error;
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action{};
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
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) os::throw_errno("timer_create");
  tick_at_next_second();

  sigset_t ours;  // a mask that was inherited may block them
  sigemptyset(&ours);
  for (const int number : {SIGALRM, SIGINT, SIGTERM}) sigaddset(&ours, number);
  pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
}

Housekeeper::~Housekeeper() {
  ticking = nullptr;
  stoppable = nullptr;
  timer_delete(timer);
}

}  // namespace duelio::server
