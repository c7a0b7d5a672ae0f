// The floor under a load generator: the system calls of duelio-loadgen's closed loop and nothing
// else. It parses nothing: an answer has come when as many bytes have arrived as the first answer
// had (all answers to `GET /` are equally long); when more arrive, the count is void and the run
// ends.
//   duelio-floor-client PORT CONNECTIONS SECONDS
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/os/cpu.h"
#include "common/os/error.h"
#include "common/os/socket.h"

namespace {

using namespace duelio;

struct Peer {
  os::UniqueFd fd;
  std::size_t arrived = 0;  // bytes of an answer that is not whole yet
};

struct Counts {
  std::uint64_t requests = 0;
  std::int64_t wall_ns = 0;
  std::int64_t cpu_ns = 0;
};

void send_request(int fd, const std::string& request) {
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    os::throw_errno("send");
  }
}

os::UniqueFd connect_to(const os::Address& server) {
  os::UniqueFd fd(::socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || ::connect(fd.get(), server.get(), server.length) != 0) {
    os::throw_errno("connect " + os::to_string(server));
  }
  os::set_no_delay(fd.get());
  return fd;
}

// How long an answer is: asked on a connection of its own.
std::size_t answer_size(const os::Address& server, const std::string& request) {
  const os::UniqueFd fd = connect_to(server);
  send_request(fd.get(), request);
  std::array<char, 4096> buffer;
  const ssize_t n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
  if (n <= 0) throw std::runtime_error("no answer");
  return static_cast<std::size_t>(n);
}

Counts load(const os::Address& server, const std::string& request, unsigned connections,
            double seconds) {
  const std::size_t size = answer_size(server, request);
  const os::UniqueFd events(::epoll_create1(EPOLL_CLOEXEC));
  std::vector<Peer> peers(connections);
  for (Peer& peer : peers) {
    peer.fd = connect_to(server);
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &peer}};
    if (::epoll_ctl(events.get(), EPOLL_CTL_ADD, peer.fd.get(), &event) != 0)
      os::throw_errno("epoll_ctl");
  }
  Counts counts;
  std::vector<char> buffer(64 * 1024);
  const std::int64_t start = os::monotonic_ns();
  const std::int64_t cpu_start = os::thread_cpu_ns();
  const std::int64_t end = start + static_cast<std::int64_t>(seconds * 1e9);
  for (const Peer& peer : peers) send_request(peer.fd.get(), request);
  std::array<epoll_event, 128> ready;
  while (os::monotonic_ns() < end) {
    const timespec tick{0, 50'000'000};
    const int n = ::epoll_pwait2(events.get(), ready.data(), ready.size(), &tick, nullptr);
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = ready[static_cast<std::size_t>(i)];
      if ((event.events & EPOLLIN) == 0) continue;
      Peer& peer = *static_cast<Peer*>(event.data.ptr);
      const ssize_t got = ::recv(peer.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0) throw std::runtime_error("the server closed a connection");
      peer.arrived += static_cast<std::size_t>(got);
      if (peer.arrived < size) continue;
      if (peer.arrived > size) throw std::runtime_error("an answer of another length");
      peer.arrived = 0;
      ++counts.requests;
      send_request(peer.fd.get(), request);
    }
  }
  counts.wall_ns = os::monotonic_ns() - start;
  counts.cpu_ns = os::thread_cpu_ns() - cpu_start;
  return counts;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("Usage: duelio-floor-client PORT CONNECTIONS SECONDS\n", stderr);
    return 2;
  }
  try {
    const os::Address server =
        os::resolve("127.0.0.1", static_cast<std::uint16_t>(std::atoi(argv[1])));
    // As long as duelio-loadgen's own, so that the kernel copies the same.
    const std::string request =
        "GET / HTTP/1.1\r\nhost: 127.0.0.1:" + std::string(argv[1]) + "\r\n\r\n";
    const Counts counts =
        load(server, request, static_cast<unsigned>(std::atoi(argv[2])), std::atof(argv[3]));
    if (counts.requests == 0) throw std::runtime_error("no request completed");
    std::printf("{\"requests\": %llu, \"seconds\": %.6f, \"cpu_ns_per_request\": %.1f}\n",
                static_cast<unsigned long long>(counts.requests),
                static_cast<double>(counts.wall_ns) * 1e-9,
                static_cast<double>(counts.cpu_ns) / static_cast<double>(counts.requests));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "duelio-floor-client: %s\n", error.what());
    return 1;
  }
}
