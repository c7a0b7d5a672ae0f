#pragma once

#include <cerrno>
#include <cstdint>

namespace duelio {

// What a backend did, counted by each worker for itself and added up when it has stopped. System
// calls are counted where they are made, so requests per call can be held against the kernel's own
// count; the io_uring models count what they submit instead.
struct Counters {
  std::uint64_t accepts = 0;
  std::uint64_t requests = 0;    // answered as the workload says
  std::uint64_t rejections = 0;  // answered 4xx or 5xx
  std::uint64_t wakeups = 0;     // returns from the wait for events or completions
  std::uint64_t events = 0;      // events or completions that those returned
  std::uint64_t recv_calls = 0;
  std::uint64_t send_calls = 0;
  std::uint64_t would_block = 0;  // receives and sends that found the socket not ready
  std::uint64_t rearms = 0;       // interests renewed
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  // Accepts that a lack of descriptors, memory or threads spoiled. Where Acceptor is used such a
  // connection is closed at once; Asio and io_uring leave it in the listener's queue and try again
  // every 10 ms, and io_uring counts that also when nobody waits.
  std::uint64_t accept_refused = 0;
  std::uint64_t errors_reset = 0;    // ECONNRESET, EPIPE: the peer went away
  std::uint64_t errors_timeout = 0;  // ETIMEDOUT: the peer stopped answering
  std::uint64_t errors_other = 0;

  void count_error(int error) noexcept {
    switch (error) {
      case ECONNRESET:
      case EPIPE:
        ++errors_reset;
        break;
      case ETIMEDOUT:
        ++errors_timeout;
        break;
      default:
        ++errors_other;
        break;
    }
  }

  // Calls visit(name, counters.*field) for each field: the one list that adding and printing use.
  template <class Self, class Visit>
  static void for_each(Self& self, Visit visit) {
    visit("accepts", self.accepts);
    visit("requests", self.requests);
    visit("rejections", self.rejections);
    visit("wakeups", self.wakeups);
    visit("events", self.events);
    visit("recv_calls", self.recv_calls);
    visit("send_calls", self.send_calls);
    visit("would_block", self.would_block);
    visit("rearms", self.rearms);
    visit("bytes_in", self.bytes_in);
    visit("bytes_out", self.bytes_out);
    visit("accept_refused", self.accept_refused);
    visit("errors_reset", self.errors_reset);
    visit("errors_timeout", self.errors_timeout);
    visit("errors_other", self.errors_other);
  }

  Counters& operator+=(const Counters& other) noexcept;
};

}  // namespace duelio
