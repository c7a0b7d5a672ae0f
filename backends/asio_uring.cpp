// Boost.Asio with callbacks over io_uring(7): the source is asio.cpp, compiled with
// BOOST_ASIO_HAS_IO_URING and BOOST_ASIO_DISABLE_EPOLL. Those macros change the layout of Asio's
// classes without a namespace of their own, so the two must not meet in one binary: this model has
// an executable of its own, and duelio-server becomes it.
#include <array>

#include "backends/backend.h"
#include "backends/support/ring.h"

namespace duelio::backends {
namespace {

constexpr std::array sharings{Sharing::per_thread, Sharing::shared};

Support probe() {
  Support support = probe_ring(
      {IORING_OP_ACCEPT, IORING_OP_RECVMSG, IORING_OP_SENDMSG, IORING_OP_POLL_ADD}, false);
  support.features.clear();  // Asio asks for a plain ring
  return support;
}

}  // namespace

extern const Backend asio_uring;
const Backend asio_uring{
    .name = "asio-uring",
    .model = "proactor over io_uring(7): Boost.Asio, callbacks",
    .sharings = sharings,
    .probe = probe,
    .run = nullptr,
    .executable = "duelio-server-asio-uring",
};

}  // namespace duelio::backends
