#pragma once

#include <vector>

#include "common/os/address.h"
#include "common/os/unique_fd.h"

// Socket options are decided here, once, for every backend and for the load generator.
namespace duelio::os {

struct ListenOptions {
  int backlog = 4096;  // the kernel clips it to net.core.somaxconn
};

// A non-blocking, close-on-exec listener: of TCP with SO_REUSEADDR, of a Unix socket as
// common/os/socket_file.h says. Throws std::system_error that names the step and the address.
UniqueFd listen_on(const Address& address, const ListenOptions& options);

// As many listeners that share the port (socket(7), SO_REUSEPORT); port 0 picks one for all. Never
// on a port that another process listens on, not even with SO_REUSEPORT: the first one listens
// alone before the others join it. std::errc::address_in_use when the port is another's. Not of a
// Unix socket, whose path has one listener.
std::vector<UniqueFd> listen_on(const Address& address, const ListenOptions& options,
                                unsigned count);

// Listeners of one port: what arrives on the CPU of thread i, cpus[i % size], goes to listener i,
// and from other CPUs to one by the CPU's number. Over loopback it arrives on the client's.
// socket(7), SO_ATTACH_REUSEPORT_CBPF. Throws std::system_error.
void steer_by_cpu(const std::vector<UniqueFd>& listeners, const std::vector<int>& cpus);

// dup(2), close-on-exec. Throws std::system_error.
UniqueFd duplicate(const UniqueFd& fd);

// TCP_NODELAY: an answer leaves when it is written, not when the previous one was acknowledged
// (Nagle, RFC 896). Errors are ignored: a socket that died meanwhile shows it at the next
// operation.
void set_no_delay(int fd) noexcept;

// Raises RLIMIT_NOFILE as a server does at start: to a million where the process may (as root),
// else the soft limit to the hard one. Returns the new limit.
std::size_t raise_descriptor_limit() noexcept;

// The soft RLIMIT_NOFILE; 0 when it cannot be asked for.
std::size_t descriptor_limit() noexcept;

}  // namespace duelio::os
