#include "common/os/socket.h"

#include <cerrno>
#include <cstdint>
#include <string>

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include "common/os/error.h"
#include "common/os/socket_file.h"

namespace duelio::os {

namespace {

void turn_on(int fd, int option, const std::string& what) {
  const int on = 1;
  if (setsockopt(fd, SOL_SOCKET, option, &on, sizeof on) != 0) throw_errno(what);
}

UniqueFd bound_socket(const Address& address, const std::string& name, bool joins) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) throw_errno("socket for " + name);
  turn_on(fd.get(), SO_REUSEADDR, "SO_REUSEADDR on " + name);
  if (joins) turn_on(fd.get(), SO_REUSEPORT, "SO_REUSEPORT on " + name);
  set_no_delay(fd.get());
  if (::bind(fd.get(), address.get(), address.length) != 0) throw_errno("bind " + name);
  return fd;
}

void start_listening(int fd, int backlog, const std::string& name) {
  if (::listen(fd, backlog) == 0) return;
  // Of two that were bound at once (SO_REUSEADDR allows that) the first to listen has the port.
  throw_errno((errno == EADDRINUSE ? "bind " : "listen on ") + name);
}

}  // namespace

UniqueFd listen_on(const Address& address, const ListenOptions& options) {
  if (address.family() == AF_UNIX) return listen_at_path(address, options);
  const std::string name = to_string(address);
  UniqueFd listener = bound_socket(address, name, false);
  start_listening(listener.get(), options.backlog, name);
  return listener;
}

std::vector<UniqueFd> listen_on(const Address& address, const ListenOptions& options,
                                unsigned count) {
  std::vector<UniqueFd> listeners;
  listeners.push_back(listen_on(address, options));
  if (count == 1) return listeners;
  const Address shared = local_address(listeners.front().get());
  const std::string name = to_string(shared);
  // Only now: with SO_REUSEPORT from the start it would have joined any others of this user.
  turn_on(listeners.front().get(), SO_REUSEPORT, "SO_REUSEPORT on " + name);
  while (listeners.size() < count) {
    listeners.push_back(bound_socket(shared, name, true));
    start_listening(listeners.back().get(), options.backlog, name);
  }
  return listeners;
}

void steer_by_cpu(const std::vector<UniqueFd>& listeners, const std::vector<int>& cpus) {
  const auto count = static_cast<std::uint32_t>(listeners.size());
  if (count == 1) return;
  std::vector<sock_filter> program{
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_CPU)}};
  for (std::uint32_t i = 0; i < count && !cpus.empty(); ++i) {
    program.push_back(
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<std::uint32_t>(cpus[i % cpus.size()])});
    program.push_back({BPF_RET | BPF_K, 0, 0, i});
  }
  program.push_back({BPF_ALU | BPF_MOD | BPF_K, 0, 0, count});
  program.push_back({BPF_RET | BPF_A, 0, 0, 0});
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (setsockopt(listeners.front().get(), SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter,
                 sizeof filter) != 0)
    throw_errno("SO_ATTACH_REUSEPORT_CBPF");
}

UniqueFd duplicate(const UniqueFd& fd) {
  UniqueFd copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) throw_errno("fcntl F_DUPFD_CLOEXEC");
  return copy;
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
  return descriptor_limit();
}

std::size_t descriptor_limit() noexcept {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

}  // namespace duelio::os
