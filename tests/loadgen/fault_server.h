#pragma once

// Servers made for one test each, and the options of a short run against them.
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

#include "common/os/cpu.h"
#include "common/os/socket.h"
#include "loadgen/options.h"

namespace duelio::loadgen {

inline const std::string ok_answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nHello";

// Calls serve(fd) for each connection in a thread of its own, and closes it when that returns.
class FaultServer {
 public:
  using Serve = std::function<void(int fd)>;
  explicit FaultServer(Serve serve)
      : listener_(os::listen_on(os::resolve("127.0.0.1", 0), {})),
        serve_(std::move(serve)),
        acceptor_([this] { accept(); }) {}
  FaultServer(const FaultServer&) = delete;
  FaultServer& operator=(const FaultServer&) = delete;
  ~FaultServer() { stopping_ = true; }
  std::uint16_t port() const { return os::local_address(listener_.get()).port(); }

 private:
  void accept() {
    std::vector<std::jthread> connections;
    while (!stopping_) {
      pollfd ready{listener_.get(), POLLIN, 0};
      if (::poll(&ready, 1, 20) <= 0) continue;
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      connections.emplace_back([this, fd] {
        const os::UniqueFd owned(fd);
        const timeval limit{0, 700'000};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        serve_(fd);
      });
    }
  }
  os::UniqueFd listener_;
  Serve serve_;
  std::atomic<bool> stopping_{false};
  std::jthread acceptor_;
};

inline bool read_request(int fd) {
  std::array<char, 4096> buffer;
  return ::recv(fd, buffer.data(), buffer.size(), 0) > 0;
}
inline void send_text(int fd, std::string_view text) {
  ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}
inline void answer_all(int fd) {
  while (read_request(fd)) send_text(fd, ok_answer);
}
inline FaultServer::Serve answers(const std::string& text) {
  return [text](int fd) {
    while (read_request(fd)) send_text(fd, text);
  };
}

inline Options options_for(std::uint16_t port, bool open_loop) {
  Options options;
  options.url = "http://127.0.0.1:" + std::to_string(port) + "/";
  options.host = "127.0.0.1";
  options.port = port;
  options.connections = 4;
  options.duration = std::chrono::milliseconds(300);
  options.timeout = std::chrono::milliseconds(200);
  options.verify_body = true;
  if (open_loop) options.rate = 200;
  return options;
}

}  // namespace duelio::loadgen
