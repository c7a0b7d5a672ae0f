#pragma once

// Servers made for one test each, and the options of a short run against them: bounded by its
// requests, not by time, so that a slow machine sees the same.
#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include <poll.h>
#include <sys/socket.h>

#include "common/os/cpu.h"
#include "common/os/socket.h"
#include "loadgen/options.h"

namespace duelio::loadgen {

inline const std::string ok_answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nHello";

// Calls serve(fd) for each connection in a thread of its own, and closes it when that returns. Its
// end cuts the connections that are left, so that whoever waits for bytes on one is told.
class FaultServer {
 public:
  using Serve = std::function<void(int fd)>;
  explicit FaultServer(Serve serve)
      : listener_(os::listen_on(os::resolve("127.0.0.1", 0), {})),
        port_(os::local_address(listener_.get()).port()),
        serve_(std::move(serve)),
        acceptor_([this] { accept(); }) {}
  FaultServer(const FaultServer&) = delete;
  FaultServer& operator=(const FaultServer&) = delete;
  ~FaultServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);  // ends accept(2) with EINVAL
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const Connection& connection : connections_) {
        if (connection.fd) ::shutdown(connection.fd.get(), SHUT_RDWR);
      }
    }
    connections_.clear();
  }
  std::uint16_t port() const { return port_; }

 private:
  struct Connection {
    os::UniqueFd fd;
    std::jthread thread = {};
  };
  void accept() {
    while (true) {
      pollfd ready{listener_.get(), POLLIN, 0};
      ::poll(&ready, 1, -1);
      os::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd && errno == EINVAL) return;
      if (!fd) continue;
      const std::lock_guard lock(mutex_);
      Connection& connection = connections_.emplace_back(std::move(fd));
      connection.thread = std::jthread([this, &connection, number = connection.fd.get()] {
        serve_(number);
        const std::lock_guard in_turn(mutex_);  // with the destructor's look at the descriptor
        connection.fd.reset();
      });
    }
  }
  os::UniqueFd listener_;
  std::uint16_t port_;
  Serve serve_;
  std::mutex mutex_;
  std::deque<Connection> connections_;
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
  options.host_field = "127.0.0.1:" + std::to_string(port);
  options.port = port;
  options.connections = 4;
  options.requests = 40;
  options.timeout = std::chrono::seconds(60);
  options.verify_body = true;
  if (open_loop) options.rate = 2000;
  return options;
}

}  // namespace duelio::loadgen
