// Boost.Asio with callbacks over io_uring(7): the source is asio.cpp, compiled with
// BOOST_ASIO_HAS_IO_URING and BOOST_ASIO_DISABLE_EPOLL. Those macros change the layout of Asio's
// classes without a namespace of their own, so the two must not meet in one binary: this model has
// an executable of its own, and duelio-server becomes it.
#include <array>

#include "backends/backend.h"
#include "backends/support/asio_options.h"
#include "backends/support/ring.h"

namespace duelio::backends {
namespace {

constexpr std::array sharings{Sharing::per_thread, Sharing::shared, Sharing::steered};

}  // namespace

extern const Backend asio_uring;
const Backend asio_uring{
    .name = "asio-uring",
    .model = "proactor over io_uring(7): Boost.Asio, callbacks",
    .sharings = sharings,
    .probe = probe_asio_ring,
    .run = nullptr,
    .executable = "duelio-server-asio-uring",
    .options = asio_options::all,
    .no_deadlines = asio_options::no_deadlines,
};

}  // namespace duelio::backends
