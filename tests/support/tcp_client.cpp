#include "tests/support/tcp_client.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <thread>

#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "tests/support/descriptors.h"

namespace duelio::test {
namespace {

std::atomic<bool> waited_in_vain{false};

// The first time, what there is to see of it is printed.
void note_hang() {
  if (!waited_in_vain.exchange(true))
    std::cerr << "a client waits in vain\n" << describe_descriptors();
}

}  // namespace

bool TcpClient::has_waited_in_vain() noexcept {
  return waited_in_vain;
}

TcpClient::TcpClient(const os::Address& server)
    : fd_(::socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval timeout{limit.count(), 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  int error = ::connect(fd_.get(), server.get(), server.length) == 0 ? 0 : errno;
  if (error == EINTR) {  // goes on by itself: connect(2)
    pollfd connected{fd_.get(), POLLOUT, 0};
    while (::poll(&connected, 1, static_cast<int>(std::chrono::milliseconds(limit).count())) < 0) {
    }
    socklen_t size = sizeof error;
    getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  }
  EXPECT_EQ(error, 0) << std::strerror(error);
}

bool TcpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;  // io_uring's work in this process interrupts
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string TcpClient::receive(std::size_t size) {
  std::string received(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t n = ::recv(fd_.get(), received.data() + have, size - have, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) note_hang();
    if (n <= 0) break;
    have += static_cast<std::size_t>(n);
  }
  received.resize(have);
  return received;
}

std::string TcpClient::receive_all() {
  std::string received;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      if (error == EAGAIN) note_hang();
      ADD_FAILURE() << "receive after " << received.size() << " bytes: " << std::strerror(error);
    }
    if (n <= 0) return received;
    received.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

void TcpClient::finish_sending() {
  ::shutdown(fd_.get(), SHUT_WR);
}

void TcpClient::reset() {
  const linger abortive{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abortive, sizeof abortive);
  fd_.reset();
}

bool TcpClient::wait_until_delivered() const {
  int unacknowledged = 1;  // tcp(7), SIOCOUTQ
  while (::ioctl(fd_.get(), SIOCOUTQ, &unacknowledged) == 0) {
    if (unacknowledged == 0) return true;
    std::this_thread::yield();
  }
  return false;
}

bool TcpClient::is_quiet() const {
  char byte = 0;
  return ::recv(fd_.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

std::string mask_dates(std::string answers) {
  constexpr std::string_view field = "\r\ndate: ";
  for (std::size_t at = answers.find(field); at != std::string::npos;
       at = answers.find(field, at + 1)) {
    answers.replace(at + field.size(), 29, 29, '?');
  }
  return answers;
}

}  // namespace duelio::test
