#pragma once

#include <cerrno>
#include <cstdint>

#include "backends/counters.h"

namespace duelio {

// Why accept(2), or an operation like it, gave no connection, and so what to do next.
enum class AcceptFailure : std::uint8_t {
  nobody_waits,    // wait for the next
  one_connection,  // take the next: Linux passes on errors of the connection that it took
  no_descriptors,  // try again in a while; at once would spin
  no_memory,       // the same
  other,           // the same, and count it
};

// accept(2), ERRORS.
constexpr AcceptFailure why_not_accepted(int error) noexcept {
  switch (error) {
    case EAGAIN:
      return AcceptFailure::nobody_waits;
    case EMFILE:
    case ENFILE:
      return AcceptFailure::no_descriptors;
    case ENOBUFS:
    case ENOMEM:
      return AcceptFailure::no_memory;
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
      return AcceptFailure::one_connection;
    default:
      return AcceptFailure::other;
  }
}

// For models whose accept is with the kernel or a library: counts the failure, and says whether to
// pause (10 ms) before the next.
inline bool must_pause(int error, Counters& counters) noexcept {
  switch (why_not_accepted(error)) {
    case AcceptFailure::nobody_waits:
    case AcceptFailure::one_connection:
      return false;
    case AcceptFailure::no_descriptors:
    case AcceptFailure::no_memory:
      ++counters.accept_refused;
      return true;
    case AcceptFailure::other:
      break;
  }
  counters.count_error(error);
  return true;
}

}  // namespace duelio
