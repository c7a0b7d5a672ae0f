// The floor under a server: the system calls of a backend and nothing else. It parses nothing: how
// many requests arrived is told from the byte count (all are duelio-loadgen's `GET /` to this
// port), and each gets a canned answer as long as the real one. It serves no HTTP and is no
// backend; reports show it as the limit.
//   duelio-floor et|oneshot|uring PORT
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "backends/support/buffer_ring.h"
#include "backends/support/ring.h"
#include "common/os/error.h"
#include "common/os/socket.h"

namespace {

using namespace duelio;

const std::string answer =
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n"
    "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nHello";

struct Floor {
  Floor(const std::string& host, std::uint16_t port)
      : listener(os::listen_on(os::resolve(host, port), {})),
        request_size(std::strlen("GET / HTTP/1.1\r\nhost: :\r\n\r\n") + host.size() +
                     std::to_string(port).size()),
        carried(os::raise_descriptor_limit()),
        buffer(16 * 1024) {
    for (int i = 0; i < 1024; ++i) answers += answer;
  }

  // The answers that `size` more bytes on `fd` ask for.
  std::string_view due(int fd, std::size_t size) {
    std::uint16_t& carry = carried[static_cast<std::size_t>(fd)];
    const std::size_t bytes = carry + size;
    carry = static_cast<std::uint16_t>(bytes % request_size);
    return std::string_view(answers).substr(0, bytes / request_size * answer.size());
  }

  os::UniqueFd listener;
  std::size_t request_size;
  std::vector<std::uint16_t> carried;  // by descriptor: bytes of a request that is not whole yet
  std::vector<char> buffer;
  std::string answers;
};

[[noreturn]] void serve_epoll(Floor& floor, bool oneshot) {
  const os::UniqueFd events(::epoll_create1(EPOLL_CLOEXEC));
  const std::uint32_t interest =
      oneshot ? EPOLLIN | EPOLLONESHOT : EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  const auto control = [&](int operation, int fd, std::uint32_t what) {
    epoll_event event{.events = what, .data = {.fd = fd}};
    ::epoll_ctl(events.get(), operation, fd, &event);
  };
  control(EPOLL_CTL_ADD, floor.listener.get(), EPOLLIN);
  std::array<epoll_event, 64> ready;
  while (true) {
    const int n = ::epoll_wait(events.get(), ready.data(), ready.size(), -1);
    for (int i = 0; i < n; ++i) {
      const int fd = ready[static_cast<std::size_t>(i)].data.fd;
      if (fd == floor.listener.get()) {
        for (int peer = 0;
             (peer = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
          floor.carried[static_cast<std::size_t>(peer)] = 0;
          control(EPOLL_CTL_ADD, peer, interest);
        }
        continue;
      }
      const ssize_t got = ::recv(fd, floor.buffer.data(), floor.buffer.size(), 0);
      if (got == 0 || (got < 0 && errno != EAGAIN)) {
        ::close(fd);
        continue;
      }
      if (got > 0) {
        const std::string_view due = floor.due(fd, static_cast<std::size_t>(got));
        if (!due.empty()) ::send(fd, due.data(), due.size(), MSG_NOSIGNAL);
      }
      if (oneshot) control(EPOLL_CTL_MOD, fd, interest);
    }
  }
}

[[noreturn]] void serve_uring(Floor& floor) {
  const int listener = floor.listener.get();
  ::fcntl(listener, F_SETFL, ::fcntl(listener, F_GETFL) & ~O_NONBLOCK);
  Counters counters;
  Ring ring(counters);
  ring.enable();
  BufferRing buffers(ring, {}, false);
  // A descriptor stands where a session's address would.
  const auto submission = [&](Operation operation, int fd) -> io_uring_sqe& {
    return ring.next(
        operation, reinterpret_cast<void*>(static_cast<std::uintptr_t>(fd) * (operation_bits + 1)));
  };
  const auto receive = [&](int fd) {
    io_uring_sqe& sqe = submission(Operation::receive, fd);
    io_uring_prep_recv_multishot(&sqe, fd, nullptr, 0, 0);
    sqe.flags |= IOSQE_BUFFER_SELECT;
    sqe.buf_group = BufferRing::group;
  };
  const auto accept = [&] {
    io_uring_prep_multishot_accept(&ring.next(Operation::accept), listener, nullptr, nullptr,
                                   SOCK_CLOEXEC);
  };
  accept();
  while (true) {
    ring.wait(-1, [&](const Completion& completion) {
      const int result = completion.result;
      if (completion.operation() == Operation::accept) {
        if (result >= 0) {
          floor.carried[static_cast<std::size_t>(result)] = 0;
          receive(result);
        }
        if (!completion.has_more()) accept();
        return;
      }
      if (completion.operation() == Operation::send) return;
      const int fd = static_cast<int>(completion.user_data / (operation_bits + 1));
      if (result > 0) {
        const std::string_view due = floor.due(fd, static_cast<std::size_t>(result));
        buffers.take(completion, [](std::span<const char>) {});
        if (!due.empty())
          io_uring_prep_send(&submission(Operation::send, fd), fd, due.data(), due.size(),
                             MSG_NOSIGNAL);
      }
      if (completion.has_more()) return;
      if (result > 0 || result == -ENOBUFS) {
        receive(fd);
      } else {
        ::close(fd);
      }
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view model = argc == 3 || argc == 4 ? argv[1] : "";
  if (model != "et" && model != "oneshot" && model != "uring") {
    std::fputs("Usage: duelio-floor et|oneshot|uring PORT [HOST]\n", stderr);
    return 2;
  }
  try {
    Floor floor(argc == 4 ? argv[3] : "127.0.0.1", static_cast<std::uint16_t>(std::atoi(argv[2])));
    if (model == "uring") serve_uring(floor);
    serve_epoll(floor, model == "oneshot");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "duelio-floor: %s\n", error.what());
    return 1;
  }
}
