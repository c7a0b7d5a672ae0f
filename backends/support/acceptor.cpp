#include "backends/support/acceptor.h"

#include <cerrno>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sys/socket.h>

#include "common/os/error.h"

namespace duelio {
namespace {

os::UniqueFd open_spare() noexcept {
  return os::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

Acceptor::Acceptor(int listener) : listener_(listener), spare_(open_spare()) {
  if (!spare_) os::throw_errno("open /dev/null");
}

os::UniqueFd Acceptor::accept(Counters& counters) noexcept {
  while (true) {
    os::UniqueFd fd(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      ++counters.accepts;
      return fd;
    }
    switch (errno) {
      case EAGAIN:
        return {};
      case EMFILE:
      case ENFILE:
        // With nobody waiting the answer is the same: descriptors are looked for first.
        switch (refuse_one()) {
          case Refused::one:
            ++counters.accept_refused;
            continue;
          case Refused::none:
            return {};
          case Refused::not_known:
            break;
        }
        [[fallthrough]];
      case ENOBUFS:
      case ENOMEM:
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return {};
      case EINTR:
      case ECONNABORTED:
      case EPERM:  // a firewall's word about one connection
      case EPROTO:
      case ENETDOWN:
      case ENOPROTOOPT:
      case EHOSTDOWN:
      case ENONET:
      case EHOSTUNREACH:
      case EOPNOTSUPP:
      case ENETUNREACH:
        continue;  // errors of one connection, passed on by Linux; the next one may be well
      default:
        counters.count_error(errno);
        return {};
    }
  }
}

Acceptor::Refused Acceptor::refuse_one() noexcept {
  if (!spare_) spare_ = open_spare();
  if (!spare_) return Refused::not_known;
  spare_.reset();
  os::UniqueFd refused(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
  const int error = refused ? 0 : errno;
  refused.reset();
  spare_ = open_spare();
  if (error == 0) return Refused::one;
  return error == EAGAIN ? Refused::none : Refused::not_known;
}

}  // namespace duelio
