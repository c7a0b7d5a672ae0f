#include "backends/support/acceptor.h"

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>

#include "backends/support/accept_errors.h"
#include "common/os/error.h"

namespace duelio {
namespace {

os::UniqueFd open_spare() noexcept {
  return os::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

Acceptor::Acceptor(os::UniqueFd listener, ConnectionLimit* limit)
    : listener_(std::move(listener)), limit_(limit), spare_(open_spare()) {
  if (!spare_) os::throw_errno("open /dev/null");
}

os::UniqueFd Acceptor::accept(Counters& counters, int flags) noexcept {
  while (true) {
    os::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, flags | SOCK_CLOEXEC));
    if (fd) {
      if (limit_ != nullptr && !limit_->enter()) {
        ++counters.accept_over_limit;
        continue;
      }
      ++counters.accepts;
      return fd;
    }
    const int error = errno;
    switch (why_not_accepted(error)) {
      case AcceptFailure::nobody_waits:
        return {};
      case AcceptFailure::one_connection:
        continue;
      case AcceptFailure::no_descriptors:
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
        break;
      case AcceptFailure::no_memory:
        break;
      case AcceptFailure::other:
        counters.count_error(error);
        break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return {};
  }
}

Acceptor::Refused Acceptor::refuse_one() noexcept {
  if (!spare_) spare_ = open_spare();
  if (!spare_) return Refused::not_known;
  spare_.reset();
  os::UniqueFd refused(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const int error = refused ? 0 : errno;
  refused.reset();
  spare_ = open_spare();
  if (error == 0) return Refused::one;
  return why_not_accepted(error) == AcceptFailure::nobody_waits ? Refused::none
                                                                : Refused::not_known;
}

}  // namespace duelio
