#include "common/os/socket.h"

#include <netinet/tcp.h>
#include <sys/resource.h>

#include "common/os/error.h"

namespace duelio::os {

UniqueFd listen_on(const Address& address, const ListenOptions& options) {
  const std::string name = to_string(address);
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) throw_errno("socket for " + name);
  const int on = 1;
  if (setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) {
    throw_errno("SO_REUSEADDR on " + name);
  }
  if (options.reuse_port && setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
    throw_errno("SO_REUSEPORT on " + name);
  }
  set_no_delay(fd.get());
  if (::bind(fd.get(), address.get(), address.length) != 0) throw_errno("bind " + name);
  if (::listen(fd.get(), options.backlog) != 0) throw_errno("listen on " + name);
  return fd;
}

void set_no_delay(int fd) noexcept {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::size_t raise_descriptor_limit() noexcept {
  constexpr rlim_t million = 1 << 20U;  // the default of sysctl fs.nr_open, which no limit exceeds
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlimit raised{.rlim_cur = million, .rlim_max = million};
  if (limit.rlim_max >= million || setrlimit(RLIMIT_NOFILE, &raised) != 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace duelio::os
