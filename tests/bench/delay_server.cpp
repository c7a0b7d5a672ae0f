// A server with a known answer, to calibrate load generators against: each answer, or every
// STRIDE-th, leaves DELAY microseconds after its request was read. It polls without sleeping (a
// sleep would add its own lateness), so it takes a whole CPU. It finds requests by their empty line
// and expects one at a time on a connection. Ends with SIGTERM.
//   duelio-delay-server DELAY_US STRIDE [PORT]
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <queue>
#include <string_view>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/os/cpu.h"
#include "common/os/error.h"
#include "common/os/socket.h"

namespace {

using namespace duelio;

constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\nHello";

struct Due {
  std::int64_t at;
  int fd;
  bool operator>(const Due& other) const noexcept { return at > other.at; }
};

void add(int events, int fd) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  if (::epoll_ctl(events, EPOLL_CTL_ADD, fd, &event) != 0) os::throw_errno("epoll_ctl");
}

[[noreturn]] void serve(const os::UniqueFd& listener, std::int64_t delay_ns, std::uint64_t stride) {
  const os::UniqueFd events(::epoll_create1(EPOLL_CLOEXEC));
  add(events.get(), listener.get());
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue;
  std::array<epoll_event, 64> ready;
  std::array<char, 16 * 1024> buffer;
  std::uint64_t requests = 0;
  const auto send_answer = [](int fd) { ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL); };
  while (true) {
    while (!queue.empty() && queue.top().at <= os::monotonic_ns()) {
      send_answer(queue.top().fd);
      queue.pop();
    }
    const int n = ::epoll_wait(events.get(), ready.data(), ready.size(), 0);
    for (int i = 0; i < n; ++i) {
      const int fd = ready[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener.get()) {
        const int peer = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
        if (peer < 0) continue;
        os::set_no_delay(peer);
        add(events.get(), peer);
        continue;
      }
      const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got <= 0) {
        if (got == 0 || errno != EAGAIN) ::close(fd);
        continue;
      }
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      if (!bytes.ends_with("\r\n\r\n")) continue;
      if (++requests % stride == 0) {
        queue.push({os::monotonic_ns() + delay_ns, fd});
      } else {
        send_answer(fd);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const long delay_us = argc >= 3 ? std::atol(argv[1]) : 0;
  const long stride = argc >= 3 ? std::atol(argv[2]) : 0;
  if (argc > 4 || delay_us <= 0 || stride <= 0) {
    std::fputs("Usage: duelio-delay-server DELAY_US STRIDE [PORT]\n", stderr);
    return 2;
  }
  try {
    const auto port = static_cast<std::uint16_t>(argc == 4 ? std::atoi(argv[3]) : 0);
    const os::UniqueFd listener = os::listen_on(os::resolve("127.0.0.1", port), {});
    std::printf("listening on %s\n", os::to_string(os::local_address(listener.get())).c_str());
    std::fflush(stdout);
    serve(listener, delay_us * 1000, static_cast<std::uint64_t>(stride));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "duelio-delay-server: %s\n", error.what());
    return 1;
  }
}
