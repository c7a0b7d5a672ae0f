#include "common/os/address.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/un.h>

#include "common/os/error.h"

namespace duelio::os {

std::uint16_t Address::port() const noexcept {
  if (family() == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  if (family() == AF_UNIX) return 0;
  return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

std::vector<Address> resolve_all(const std::string& host, std::uint16_t port) {
  if (host.starts_with(unix_prefix))
    return {unix_address(std::string_view(host).substr(unix_prefix.size()))};
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error == EAI_SYSTEM) throw_errno("resolve " + host);
  if (error != 0) throw std::runtime_error("resolve " + host + ": " + gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    Address address;
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
    address.length = each->ai_addrlen;
    const bool is_new = std::none_of(addresses.begin(), addresses.end(), [&](const Address& other) {
      return other.length == address.length &&
             std::memcmp(&other.storage, &address.storage, address.length) == 0;
    });
    if (is_new) addresses.push_back(address);
  }
  return addresses;
}

Address resolve(const std::string& host, std::uint16_t port) {
  return resolve_all(host, port).front();
}

Address local_address(int fd) {
  Address address;
  address.length = sizeof address.storage;
  if (getsockname(fd, address.get(), &address.length) != 0) throw_errno("getsockname");
  return address;
}

Address unix_address(std::string_view path) {
  sockaddr_un name{};
  constexpr std::size_t most = sizeof name.sun_path - 1;
  if (path.empty()) throw std::invalid_argument("names no path of a Unix socket");
  if (path.size() > most)
    throw std::invalid_argument("is a path of " + std::to_string(path.size()) +
                                " bytes; a Unix socket's has " + std::to_string(most) +
                                " at most (unix(7))");
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  Address address;
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  std::memcpy(&address.storage, &name, address.length);
  return address;
}

std::string path_of(const Address& address) {
  constexpr std::size_t begin = offsetof(sockaddr_un, sun_path);
  if (address.family() != AF_UNIX || address.length <= begin) return {};
  const auto* name = reinterpret_cast<const sockaddr_un*>(&address.storage);
  return {name->sun_path, ::strnlen(name->sun_path, address.length - begin)};
}

std::string to_string(const Address& address) {
  if (address.family() == AF_UNIX) return std::string(unix_prefix) + path_of(address);
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v6 = address.family() == AF_INET6;
  const void* const raw =
      v6 ? static_cast<const void*>(
               &reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr)
         : static_cast<const void*>(
               &reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr);
  inet_ntop(address.family(), raw, text.data(), text.size());
  const std::string host = text.data();
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(address.port());
}

}  // namespace duelio::os
