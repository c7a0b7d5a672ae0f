#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

namespace duelio::os {

// An IPv4, IPv6 or Unix socket address.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const noexcept { return storage.ss_family; }
  std::uint16_t port() const noexcept;  // 0 of a Unix socket
};

// What a Unix socket's address begins with where one is written: "unix:/run/a.sock".
inline constexpr std::string_view unix_prefix = "unix:";

// A numeric address, or a name looked up with getaddrinfo(3): all its addresses, in the order in
// which they are to be tried (RFC 6724), at least one and each once. Throws std::runtime_error
// "resolve nosuch: Name or service not known". With unix_prefix a Unix socket's, which has no port.
std::vector<Address> resolve_all(const std::string& host, std::uint16_t port);

// The first of them.
Address resolve(const std::string& host, std::uint16_t port);

// The address that `fd` is bound to. Throws std::system_error.
Address local_address(int fd);

// Of a Unix socket with a name in the file system. Throws std::invalid_argument that says what is
// wrong with the path ("is longer than ...").
Address unix_address(std::string_view path);

// Its path; empty where it has none.
std::string path_of(const Address& address);

// "127.0.0.1:8000", "[::1]:8000", "unix:/run/a.sock".
std::string to_string(const Address& address);

}  // namespace duelio::os
