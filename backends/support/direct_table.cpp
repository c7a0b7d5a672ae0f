#include "backends/support/direct_table.h"

#include <algorithm>
#include <array>
#include <system_error>

#include <poll.h>
#include <sys/socket.h>

#include "common/os/error.h"
#include "common/os/socket.h"
#include "common/os/unique_fd.h"

namespace duelio {
namespace {

constexpr std::size_t most_sockets = 65'536;

std::array<os::UniqueFd, 2> connected_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    os::throw_errno("socketpair");
  return {os::UniqueFd(ends[0]), os::UniqueFd(ends[1])};
}

// Whether a socket is closed at once although an operation on another one is under way.
bool closes_at_once() {
  Counters counters;
  Ring ring(counters);
  ring.enable();
  std::array<os::UniqueFd, 2> busy = connected_pair();
  std::array<os::UniqueFd, 2> closed = connected_pair();
  const std::array table{busy[0].get(), closed[0].get()};
  const int error = -io_uring_register_files(ring.get(), table.data(), table.size());
  if (error != 0) os::throw_errno("io_uring_register_files", error);
  closed[0].reset();
  std::array<char, 1> room{};
  io_uring_sqe& receive = ring.next(Operation::receive);
  io_uring_prep_recv(&receive, 0, room.data(), room.size(), 0);
  receive.flags |= IOSQE_FIXED_FILE;
  ring.flush();
  io_uring_prep_close_direct(&ring.next(Operation::cancel), 1);
  ring.flush();
  pollfd peer{.fd = closed[1].get(), .events = POLLIN, .revents = 0};
  const bool is_closed = ::poll(&peer, 1, 100) == 1;
  busy[1].reset();  // ends the receive, which has `room`
  ring.wait(-1, [](const Completion&) {});
  return is_closed;
}

}  // namespace

void make_direct_table(Ring& ring) {
  const auto size = static_cast<unsigned>(std::min(most_sockets, os::descriptor_limit()));
  const int error = -io_uring_register_files_sparse(ring.get(), size);
  if (error != 0) os::throw_errno("io_uring_register_files_sparse", error);
}

Support probe_direct_descriptors() {
  try {
    Counters counters;
    Ring trial(counters);
    make_direct_table(trial);
    if (closes_at_once()) return {};
  } catch (const std::system_error& failed) {
    return {.available = false, .reason = failed.what()};
  }
  return {.available = false,
          .reason =
              "this kernel's io_uring keeps a closed direct descriptor open while others "
              "receive (a newer kernel is needed)"};
}

}  // namespace duelio
