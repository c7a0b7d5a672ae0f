#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

// How long a peer may take. The lengths are decided here, for every I/O model; how the time is kept
// is the model's. The connection core has no clock: it says what is waited for
// (Connection::phase()), when that has begun again (progress()), and what to do when it took too
// long (expire()).
namespace duelio::http {

// What a connection waits for.
enum class Phase : std::uint8_t {
  idle,    // a request; empty lines are none
  head,    // the rest of a head, however often something of it comes
  body,    // the next byte of a body
  linger,  // the peer's end after a refusal, whatever it sends
  write,   // that the socket takes the next byte of the output
};

struct Deadlines {
  std::chrono::milliseconds idle = std::chrono::seconds(60);
  std::chrono::milliseconds head = std::chrono::seconds(10);
  std::chrono::milliseconds body = std::chrono::seconds(10);
  std::chrono::milliseconds linger = std::chrono::seconds(2);
  std::chrono::milliseconds write = std::chrono::seconds(30);

  static constexpr std::size_t phases = 5;

  constexpr std::chrono::milliseconds length(Phase phase) const noexcept {
    switch (phase) {
      case Phase::idle:
        return idle;
      case Phase::head:
        return head;
      case Phase::body:
        return body;
      case Phase::linger:
        return linger;
      case Phase::write:
        break;
    }
    return write;
  }
};

}  // namespace duelio::http
