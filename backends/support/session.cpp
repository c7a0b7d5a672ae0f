#include "backends/support/session.h"

#include <cerrno>

#include <sys/socket.h>

namespace duelio {

Session::Received Session::receive(Counters& counters) {
  const std::span<char> room = connection.prepare();
  while (true) {
    const ssize_t n = ::recv(fd_.get(), room.data(), room.size(), 0);
    ++counters.recv_calls;
    if (n > 0) {
      const auto size = static_cast<std::size_t>(n);
      counters.bytes_in += size;
      connection.commit(size);
      return size < room.size() ? Received::part : Received::full;
    }
    if (n == 0) {
      connection.commit_eof();
      return Received::part;
    }
    if (errno == EAGAIN) {
      ++counters.would_block;
      return Received::nothing;
    }
    if (errno == EINTR) continue;
    counters.count_error(errno);
    connection.abort();
    return Received::part;
  }
}

bool Session::send(Counters& counters) {
  const std::span<const char> bytes = connection.output();
  while (true) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ++counters.send_calls;
    if (n >= 0) {
      const auto size = static_cast<std::size_t>(n);
      counters.bytes_out += size;
      connection.consume(size);
      return size == bytes.size() || connection.want() == http::Want::close;
    }
    if (errno == EAGAIN) {
      ++counters.would_block;
      return connection.consume(0) == http::Want::close;
    }
    if (errno == EINTR) continue;
    counters.count_error(errno);
    connection.abort();
    return true;
  }
}

void Session::half_close() {
  ::shutdown(fd_.get(), SHUT_WR);
  connection.commit_half_close();
}

}  // namespace duelio
