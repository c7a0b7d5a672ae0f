#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/connection.h"

namespace duelio::http {

using Pieces = std::vector<std::string_view>;

// RFC 9110's example: Sun, 06 Nov 1994 08:49:37 GMT
inline const DateClock fixed_clock(784111777);

// Plays the driver: delivers pieces as the connection asks for them, collects what it sends.
struct Driver {
  explicit Driver(Buffers kind, const Limits& limits = {}, std::size_t accepted_per_send = SIZE_MAX)
      : workspace(std::make_unique<Workspace>(limits, fixed_clock)),
        buffers(kind),
        connection(*workspace, kind),
        send_limit(accepted_per_send) {}

  // Sends until the connection wants something else.
  void flush() {
    while (true) {
      if (connection.want() == Want::write) {
        const std::span<const char> output = connection.output();
        if (output.empty()) throw std::logic_error("there is nothing to write");
        const std::size_t n = std::min({send_limit, output.size(), capacity - sent.size()});
        const bool partial = n < output.size();
        sent.append(output.data(), n);
        connection.consume(n);
        if (sent.size() == capacity) connection.abort();
        // A driver goes on to other connections when the socket takes no more, or nothing is left
        // to send.
        if (partial || connection.want() != Want::write) scramble();
      } else if (connection.want() == Want::half_close) {
        half_closed = true;
        connection.commit_half_close();
      } else {
        return;
      }
    }
  }

  void deliver(std::string_view bytes) {
    while (!bytes.empty()) {
      flush();
      if (connection.want() != Want::read) return;
      bytes.remove_prefix(buffers == Buffers::provided ? provide(bytes) : receive(bytes));
    }
    flush();
  }

  std::size_t receive(std::string_view bytes) {
    const std::span<char> room = connection.prepare();
    if (room.empty()) throw std::logic_error("there is no room to read into");
    const std::size_t n = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), n);
    connection.commit(n);
    return n;
  }

  std::size_t provide(std::string_view bytes) {
    const std::string_view piece = bytes.substr(0, 16 * 1024);
    const std::vector<char> ring_buffer(piece.begin(), piece.end());  // gone after the call
    connection.receive(ring_buffer);
    return piece.size();
  }

  // As another connection of the same workspace would: nothing of ours may be left in the scratch
  // buffers. By memset(3), for this is what most tests of connections would spend their time on.
  void scramble() {
    std::memset(workspace->receive_buffer().data(), '#', 2048);
    std::memset(workspace->send_buffer().data(), '#', 2048);
  }

  std::unique_ptr<Workspace> workspace;
  Buffers buffers;
  Connection connection;
  std::size_t send_limit;
  std::size_t capacity = SIZE_MAX;  // the peer takes so many bytes and is gone
  std::string sent;
  bool half_closed = false;
};

struct Result {
  std::string sent;
  bool closed;
  bool half_closed;
  bool operator==(const Result&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Result& result) {
  return out << result.sent.substr(0, 300) << " closed " << result.closed << " half-closed "
             << result.half_closed;
}

inline Result run(const Pieces& pieces, Buffers buffers, const Limits& limits,
                  std::size_t send_limit, bool end_of_stream) {
  Driver driver(buffers, limits, send_limit);
  for (const std::string_view piece : pieces) driver.deliver(piece);
  if (end_of_stream && driver.connection.want() == Want::read) driver.connection.commit_eof();
  return {driver.sent, driver.connection.want() == Want::close, driver.half_closed};
}

}  // namespace duelio::http
