// A server with a known answer, to calibrate load generators against: each answer is due a fixed
// time after the kernel received its request (SO_TIMESTAMPNS, socket(7): by CLOCK_REALTIME, which
// must not be set meanwhile), however late the server came to read it: USUAL microseconds, and RARE
// in every hundredth. It sleeps until shortly before the next answer is due and polls then: a sleep
// alone would end late, and a server that always polls, beside a client that does, makes a host
// that shares its CPUs stop both of them, for a third of a millisecond and more at a time.
// It finds requests by their empty line and expects one at a time on a connection. At SIGTERM it
// prints what it did, from each request's stamp to the call that sent the answer, at the quantiles
// that scripts/loadgen-truth asks, and how many requests had no stamp (their delay began when they
// were read):
//   delay_ns p1=N p50=N p90=N p98=N p99=N p99.5=N answers=N unstamped=N
//   duelio-delay-server USUAL_US RARE_US [PORT]
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <functional>
#include <optional>
#include <queue>
#include <string_view>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/histogram.h"
#include "common/os/error.h"
#include "common/os/socket.h"

namespace {

using namespace duelio;

constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\nHello";

volatile std::sig_atomic_t stopping = 0;

struct Due {
  std::int64_t at;  // CLOCK_REALTIME, as the kernel's stamps are
  std::int64_t received;
  int fd;
  bool operator>(const Due& other) const noexcept { return at > other.at; }
};

using Queue = std::priority_queue<Due, std::vector<Due>, std::greater<>>;

// A sleep ends late; what is left of the time is polled away.
constexpr std::int64_t early_ns = 500'000;

std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

std::int64_t realtime_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now);
}

// When the kernel received what `message` holds, if it says so: stamping begins a moment after it
// is asked for.
std::optional<std::int64_t> received_at(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
    return nanoseconds(stamp);
  }
  return std::nullopt;
}

struct Record {
  Histogram delays;  // ns
  unsigned long long unstamped = 0;
};

void add(int events, int fd) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  if (::epoll_ctl(events, EPOLL_CTL_ADD, fd, &event) != 0) os::throw_errno("epoll_ctl");
}

// How long to sleep at most: until shortly before the next answer is due.
timespec until_near(const Queue& queue) {
  const std::int64_t ns =
      queue.empty() ? 1'000'000'000
                    : std::max<std::int64_t>(queue.top().at - realtime_ns() - early_ns, 0);
  return {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}

void serve(const os::UniqueFd& listener, std::int64_t usual_ns, std::int64_t rare_ns,
           Record& record) {
  const os::UniqueFd events(::epoll_create1(EPOLL_CLOEXEC));
  add(events.get(), listener.get());
  Queue queue;
  std::array<epoll_event, 64> ready;
  std::array<char, 16 * 1024> buffer;
  alignas(cmsghdr) std::array<char, 256> control;
  std::uint64_t requests = 0;
  while (stopping == 0) {
    while (!queue.empty() && queue.top().at <= realtime_ns()) {
      const Due due = queue.top();
      queue.pop();
      record.delays.record(realtime_ns() - due.received);
      ::send(due.fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
    const timespec patience = until_near(queue);
    const int n = ::epoll_pwait2(events.get(), ready.data(), ready.size(), &patience, nullptr);
    for (int i = 0; i < n; ++i) {
      const int fd = ready[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener.get()) {
        const int peer = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
        if (peer < 0) continue;
        const int on = 1;
        setsockopt(peer, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        os::set_no_delay(peer);
        add(events.get(), peer);
        continue;
      }
      iovec vector{buffer.data(), buffer.size()};
      msghdr message{};
      message.msg_iov = &vector;
      message.msg_iovlen = 1;
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      const ssize_t got = ::recvmsg(fd, &message, MSG_DONTWAIT);
      if (got <= 0) {
        if (got == 0 || errno != EAGAIN) ::close(fd);
        continue;
      }
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      if (!bytes.ends_with("\r\n\r\n")) continue;
      const auto stamp = received_at(message);
      record.unstamped += stamp ? 0U : 1U;
      const std::int64_t received = stamp.value_or(realtime_ns());
      queue.push({received + (++requests % 100 == 0 ? rare_ns : usual_ns), received, fd});
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const long usual_us = argc >= 3 ? std::atol(argv[1]) : 0;
  const long rare_us = argc >= 3 ? std::atol(argv[2]) : 0;
  if (argc > 4 || usual_us <= 0 || rare_us <= 0) {
    std::fputs("Usage: duelio-delay-server USUAL_US RARE_US [PORT]\n", stderr);
    return 2;
  }
  try {
    std::signal(SIGTERM, [](int) { stopping = 1; });
    const auto port = static_cast<std::uint16_t>(argc == 4 ? std::atoi(argv[3]) : 0);
    const os::UniqueFd listener = os::listen_on(os::resolve("127.0.0.1", port), {});
    std::printf("listening on %s\n", os::to_string(os::local_address(listener.get())).c_str());
    std::fflush(stdout);
    Record record;
    serve(listener, usual_us * 1000, rare_us * 1000, record);
    std::fputs("delay_ns", stdout);
    for (const double percent : {1.0, 50.0, 90.0, 98.0, 99.0, 99.5})
      std::printf(" p%g=%llu", percent,
                  static_cast<unsigned long long>(record.delays.quantile(percent / 100)));
    std::printf(" answers=%llu unstamped=%llu\n",
                static_cast<unsigned long long>(record.delays.count()), record.unstamped);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "duelio-delay-server: %s\n", error.what());
    return 1;
  }
}
