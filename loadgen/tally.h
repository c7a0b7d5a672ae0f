#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "common/histogram.h"
#include "loadgen/refusal.h"

namespace duelio::loadgen {

// Why a request, or a connection, failed.
enum class ErrorClass : std::uint8_t {
  connect,       // connection refused, unreachable, no port left: errno says
  timeout,       // no complete answer within --timeout
  reset,         // send or receive failed: errno says
  closed_early,  // the stream ended before the answer did
  malformed,     // what came is no answer: the Flaw says
  status,        // not the status that was expected: the status says
  excess,        // bytes that no request asked for
  body,          // not the body that the target asks for (--verify-body)
  unclosed,      // the last answer has come, and the connection is not closed within --timeout
};
inline constexpr std::array<std::string_view, 9> error_class_names{
    "connect", "timeout", "reset", "closed_early", "malformed",
    "status",  "excess",  "body",  "unclosed"};

// What the number beside such a class is; the others have 0.
constexpr bool has_errno(ErrorClass kind) noexcept {
  return kind == ErrorClass::connect || kind == ErrorClass::reset;
}

// Whether such an error is the end of a request of ours.
constexpr bool ends_a_request(ErrorClass kind) noexcept {
  return kind != ErrorClass::connect && kind != ErrorClass::excess && kind != ErrorClass::unclosed;
}

// One second of the measured window.
struct Second {
  std::uint64_t completed = 0;
  std::uint64_t errors = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> latencies;  // value, count: ascending
};

// What the --slow-clients did while the window was open. They are load on the server, not samples:
// nothing of theirs is counted anywhere else, but for a failed connect.
struct SlowTally {
  std::uint64_t bytes_sent = 0;
  std::uint64_t completed = 0;
  std::uint64_t closed = 0;  // the server hung up on them, which may well be its policy
  std::uint64_t failed = 0;  // an answer that was none, or late, or had the wrong status
};

// What is counted. A request belongs to the measured window when it was due in it (open loop) or
// sent in it (closed loop); it is followed to its end after the window closes.
struct Counters {
  std::uint64_t scheduled = 0;  // open loop only
  std::uint64_t sent = 0;
  std::uint64_t unsent = 0;
  std::uint64_t had_to_wait = 0;  // open loop only: no connection was free when it was looked for
  std::uint64_t completed = 0;
  std::uint64_t in_flight = 0;  // at the end of the drain
  std::uint64_t request_errors = 0;
  // Sent again on another connection, since the server had closed theirs by the rules; each time.
  std::uint64_t resent = 0;
  std::uint64_t cut_short = 0;  // of those in flight or unsent: by a signal

  // Everything that completed while the window was open, whenever it was sent: the achieved rate.
  std::uint64_t completed_in_window = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  double busy_ns = 0;        // the sum of times in flight within the window, for Little's law
  double unanswered_ns = 0;  // the sum of what the latency record has for unanswered requests

  std::uint64_t established = 0;         // connections open when the load began
  std::uint64_t established_beside = 0;  // idle and slow ones
  std::uint64_t peak = 0;
  std::uint64_t reconnects = 0;
  SlowTally slow;

  std::int64_t cpu_ns = 0;  // of the generator's threads within the window
  std::int64_t user_ns = 0;
  std::int64_t system_ns = 0;
  std::int64_t run_delay_ns = 0;  // ready to run but waiting for a CPU: /proc/thread-self/schedstat
  // The busiest thread's CPU time / window; with --spin: 1 - time in polls that found nothing /
  // window.
  double max_thread_share = 0;
};

// What one thread, or after adding up all of them, has seen.
struct Tally : Counters {
  // By class and what its number is, those that end no request of ours among them.
  std::map<std::pair<ErrorClass, int>, std::uint64_t> errors;

  // The byte of the response at which a flaw was found for the first time.
  std::map<Flaw, std::uint64_t> first_refused;

  // From the intended send (open loop) or the send (closed loop) to the last byte. A request that
  // was not answered as it should counts as no shorter than --timeout.
  Histogram latency;
  std::vector<std::int64_t> samples_ns;  // each of them, with --raw-samples
  Histogram service;                     // from the send to the last byte
  Histogram send_lag;                    // open loop only: from the intended send to the send
  // Its first part, which is the generator's alone: until it looked for a free connection. The rest
  // is the wait for an answer to be there, and read.
  Histogram dispatch_lag;
  Histogram connect;  // of connections opened in the window
  std::vector<Second> series;

  void add(const Tally& other);
  void clear();  // keeps the histograms' memory

  // Errors of a class, whatever their errno.
  std::uint64_t count(ErrorClass wanted) const noexcept;
};

}  // namespace duelio::loadgen
