#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

namespace duelio::os {

// An IPv4 or IPv6 socket address.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const noexcept { return storage.ss_family; }
  std::uint16_t port() const noexcept;
};

// A numeric address, or a name looked up with getaddrinfo(3): all its addresses, in the order in
// which they are to be tried (RFC 6724), at least one and each once. Throws std::runtime_error
// "resolve nosuch: Name or service not known".
std::vector<Address> resolve_all(const std::string& host, std::uint16_t port);

// The first of them.
Address resolve(const std::string& host, std::uint16_t port);

// The address that `fd` is bound to. Throws std::system_error.
Address local_address(int fd);

// "127.0.0.1:8000", "[::1]:8000".
std::string to_string(const Address& address);

}  // namespace duelio::os
