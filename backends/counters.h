#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <span>
#include <string_view>

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
  // Accepts that a lack of descriptors, memory or threads spoiled. Without memory of ours for it a
  // connection is closed at once; libuv lets it wait. The same without descriptors where Acceptor
  // is used; Asio and io_uring leave it in the listener's queue and try again every 10 ms, and
  // io_uring counts that also when nobody waits.
  std::uint64_t accept_refused = 0;
  std::uint64_t accept_over_limit = 0;  // connections closed at once: ServerConfig::connections
  std::uint64_t errors_reset = 0;       // ECONNRESET, EPIPE: the peer went away
  std::uint64_t errors_timeout = 0;     // ETIMEDOUT: the peer stopped answering
  std::uint64_t errors_other = 0;
  std::uint64_t errors_wait = 0;  // waits that failed for a lack of room or memory and went on
  std::uint64_t errors_arm = 0;   // interests and submissions that the kernel did not take
  std::uint64_t drain_cut = 0;    // connections that had not ended when a stop's limit passed

  using Member = std::uint64_t Counters::*;

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

  Counters& operator+=(const Counters& other) noexcept;
};

struct CounterField {
  std::string_view name;  // in --stats
  Counters::Member member;
};

// The one list that adding, printing and the tests go through.
inline constexpr std::array counter_fields{
    CounterField{"accepts", &Counters::accepts},
    CounterField{"requests", &Counters::requests},
    CounterField{"rejections", &Counters::rejections},
    CounterField{"wakeups", &Counters::wakeups},
    CounterField{"events", &Counters::events},
    CounterField{"recv_calls", &Counters::recv_calls},
    CounterField{"send_calls", &Counters::send_calls},
    CounterField{"would_block", &Counters::would_block},
    CounterField{"rearms", &Counters::rearms},
    CounterField{"bytes_in", &Counters::bytes_in},
    CounterField{"bytes_out", &Counters::bytes_out},
    CounterField{"accept_refused", &Counters::accept_refused},
    CounterField{"accept_over_limit", &Counters::accept_over_limit},
    CounterField{"errors_reset", &Counters::errors_reset},
    CounterField{"errors_timeout", &Counters::errors_timeout},
    CounterField{"errors_other", &Counters::errors_other},
    CounterField{"errors_wait", &Counters::errors_wait},
    CounterField{"errors_arm", &Counters::errors_arm},
    CounterField{"drain_cut", &Counters::drain_cut},
};
static_assert(sizeof(Counters) == counter_fields.size() * sizeof(std::uint64_t),
              "every counter is in the list");

// Whether a model that cannot see `uncounted` counts `member`.
constexpr bool is_counted(std::span<const Counters::Member> uncounted,
                          Counters::Member member) noexcept {
  for (const Counters::Member each : uncounted) {
    if (each == member) return false;
  }
  return true;
}

}  // namespace duelio
