#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/counters.h"
#include "backends/support/deadline_list.h"
#include "backends/support/list.h"
#include "backends/support/turn.h"
#include "common/http/connection.h"
#include "common/os/unique_fd.h"

namespace duelio {

// A descriptor with its connection, for models that call recv(2) and send(2) themselves. Each
// function makes one system call, tells the connection, and counts. A failing socket becomes
// Want::close.
class Session : public Linked<Session>, public Timed<Session> {
 public:
  Session(os::UniqueFd fd, http::Workspace& workspace)
      : connection(workspace, http::Buffers::lent), fd_(std::move(fd)) {}

  enum class Received : std::uint8_t {
    nothing,  // it would have blocked
    part,  // less than there was room for: nothing more is there at the moment (epoll(7), question
           // 9)
    full,  // there may be more
  };

  // Pre: want() == read.
  Received receive(Counters& counters);

  // Pre: want() == write. False when the socket takes no more for now.
  bool send(Counters& counters);

  // Pre: want() == half_close.
  void half_close();

  int fd() const noexcept { return fd_.get(); }

  http::Connection connection;
  Turn turn;  // for models whose threads share the sessions
  bool is_driven = false;
  bool is_overdue = false;  // the same
  std::size_t place = 0;    // for models that keep them in an array

 private:
  os::UniqueFd fd_;
};

}  // namespace duelio
