#include "common/os/address.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <arpa/inet.h>
#include <netdb.h>

#include "common/os/error.h"

namespace duelio::os {

std::uint16_t Address::port() const noexcept {
  if (family() == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

std::vector<Address> resolve_all(const std::string& host, std::uint16_t port) {
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

std::string to_string(const Address& address) {
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
