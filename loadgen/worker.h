#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "common/os/address.h"
#include "common/os/unique_fd.h"
#include "loadgen/options.h"
#include "loadgen/requests.h"
#include "loadgen/response_reader.h"
#include "loadgen/schedule.h"
#include "loadgen/tally.h"
#include "loadgen/thread_usage.h"
#include "loadgen/timer_wheel.h"

namespace duelio::loadgen {

// When the phases are to begin, CLOCK_MONOTONIC in nanoseconds, the same for all threads.
struct Plan {
  std::int64_t start = 0;  // of the load: the warm-up
  std::int64_t measure = 0;
  // The window closes; with --requests each thread finds out when, and when to give up.
  std::int64_t drain = std::numeric_limits<std::int64_t>::max();
  std::int64_t give_up = std::numeric_limits<std::int64_t>::max();
  // Read nothing but clocks at the edges: what a file of /proc takes is much of a short window.
  bool clocks_only = false;
};

// What a worker calls from its loop while it runs; each may be empty.
struct Watch {
  std::function<void(std::int64_t now)> on_open;  // the measured window
  std::function<void(std::int64_t now)> on_tick;  // some 20 times a second in the window
  std::function<void(std::int64_t now)> on_close;
};

// What a worker shows while it runs. It writes its own line of the cache a few times a second,
// never with a request; readers may see the three apart.
struct alignas(64) Live {
  std::atomic<std::uint64_t> completed{0};  // in the window
  std::atomic<std::uint64_t> errors{0};
  std::atomic<std::uint64_t> p99_ns{0};  // of the last whole second
};

// One generator thread: its connections, its schedule, its tally; it shares nothing that is
// written. Its connections outlive a window, and any number of windows may follow. A session is
// registered once (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET); an answer is one recv(2), and the
// next request is sent straight from its completion.
class Worker {
 public:
  // `server`: where it may be, to be tried in this order. `source_addresses`: how many to connect
  // from, 0 for the kernel's choice.
  Worker(const Options& options, const std::vector<os::Address>& server, unsigned source_addresses,
         unsigned index);

  // Opens the connections that are not open, those that the server has closed since the last window
  // among them; returns when each is open or has failed, when all are due (--ramp) and none has
  // opened for --timeout, or when interrupted.
  void connect_all(const std::atomic<bool>& interrupted);

  // Runs the load to its end: one window. `interrupted` is looked at a few times a second.
  void run(const Load& load, const Plan& plan, const std::atomic<bool>& interrupted,
           const Watch& watch);

  // Closes all connections.
  void disconnect();

  // Of the windows, and of connecting before them, since it was cleared.
  void clear_tally();
  const Tally& tally() const noexcept { return tally_; }
  // Between its edges as they were; 0 when it never opened.
  std::int64_t window_ns() const noexcept { return begin_ == never ? 0 : end_ - begin_; }
  // How far its edges lie from another's at most; none when one of the two never opened.
  std::optional<std::int64_t> edges_from(const Worker& other) const noexcept {
    if (begin_ == never || other.begin_ == never) return std::nullopt;
    return std::max(std::abs(begin_ - other.begin_), std::abs(end_ - other.end_));
  }
  const Live& live() const noexcept { return live_; }
  std::uint64_t active_connections() const noexcept { return active_count_; }
  std::uint64_t open_connections() const noexcept;  // those beside the active ones included
  int first_connect_error() const noexcept { return first_connect_error_; }
  // Of each address of the server.
  struct AddressUse {
    std::uint64_t opened = 0;
    int first_error = 0;
  };
  const std::vector<AddressUse>& address_uses() const noexcept { return address_uses_; }

 private:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t tick_ns = 50'000'000;  // between looks at timeouts, interruption

  struct Request {
    std::int64_t due = 0;  // intended send; closed loop: the send
    std::int64_t sent = 0;
  };
  // Requests that fall due together, for one connection: --pipeline of them.
  struct Burst {
    std::int64_t due = 0;
    std::uint32_t left = 0;  // to start
  };
  enum class Link : std::uint8_t { closed, connecting, open };
  enum class Role : std::uint8_t { active, idle, slow };
  struct Session {
    os::UniqueFd fd;
    ResponseReader reader;
    std::vector<Request> in_flight;  // a ring of --pipeline entries
    std::vector<Request> again;      // to be sent again, on the next connection
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint64_t started = 0;  // requests on this connection so far
    std::uint64_t unsent_bytes = 0;
    std::uint64_t stream_offset = 0;   // into the endless repetition of the requests
    std::uint32_t next_request = 0;    // of them, when their sizes differ
    std::int64_t connect_started = 0;  // to the first address
    std::int64_t attempt_started = 0;  // to this one
    std::int64_t last_byte = 0;        // a slow client's, sent
    std::int64_t closing_since = 0;    // the last answer has come; the server is to close
    std::uint64_t opened_in = 0;       // the batch of events
    Link link = Link::closed;
    Role role = Role::active;
    std::uint8_t address = 0;          // of the server's, in use
    std::uint8_t addresses_tried = 0;  // before it
    bool listed = false;               // in free_
    bool watched = false;              // in wheel_
    bool waits_for_room = false;       // in the queue of a Unix socket's listener
    int send_error = 0;                // the end of the stream will come, and be this error
    bool last_sent = false;            // no request may follow: one of us has said that it closes
  };

  // worker_connections.cpp: opening, ending and timing out; the idle and the slow ones.
  bool bind_source(const Session& session) const;
  void open(Session& session);
  void try_address(Session& session);
  void connect(Session& session);
  void connect_waiting();
  void address_failed(Session& session, int error);
  void on_connected(Session& session);
  void close(Session& session);
  void reopen(Session& session);
  void fail(Session& session, ErrorClass kind, int error);
  void lose(Session& session, ErrorClass kind, int error);
  void send_again(Session& session);
  void watch(Session& session, std::int64_t since);
  std::int64_t waits_since(const Session& session) const noexcept;
  void look(Session& session, std::int64_t now);
  void start_wheel(std::int64_t now);
  void check_timeouts(std::int64_t now);
  std::span<Session> active_sessions() noexcept { return {sessions_.data(), active_}; }
  std::span<Session> slow_sessions() noexcept {
    return std::span(sessions_).last(sessions_.size() - slow_begin_);
  }
  void receive_aside(Session& session);
  void trickle(std::int64_t now);

  // worker.cpp: requests, their schedule and their books.
  void count_error(ErrorClass kind, int error, std::int64_t due);
  void record_unanswered(std::int64_t due, std::int64_t now, std::uint32_t requests = 1);
  int wait(std::int64_t until);
  void drive(Session& session, std::uint32_t happened);
  enum class Received : std::uint8_t { nothing, part, full };
  Received receive(Session& session);
  bool take_answers(Session& session, std::string_view bytes);
  void complete(Session& session, std::int64_t now);
  void flush(Session& session);
  void put(Session& session, std::int64_t due, std::int64_t now);
  void start(Session& session, std::int64_t due, std::int64_t now);
  void restart(Session& session, std::int64_t now);
  void refill(Session& session, std::int64_t now);
  void feed(Session& session, std::int64_t now);
  bool has_room(const Session& session) const noexcept;
  bool is_free(const Session& session) const noexcept {
    return session.count == 0 && session.again.empty() && has_room(session);
  }
  bool needs_connections() const noexcept {
    return !stopping_ || !backlog_.empty() || waiting_again_ > 0;
  }
  void offer(Session& session);
  Session* take_free();
  void send_burst(Session& session, Burst& burst, std::int64_t now);

  ResponseReader::Result read_answer(Session& session, std::string_view bytes) {
    return session.reader.read(bytes, last_answer_, head_,
                               expected_body_ ? &*expected_body_ : nullptr);
  }
  void dispatch_due(std::int64_t now);

  // worker_window.cpp: the course of a window.
  void prepare(const Load& load, const Plan& plan);
  std::int64_t next_thing_to_do() const noexcept;
  bool is_quiet() const noexcept { return backlog_.empty() && owed_ == 0; }
  void end_sending(std::int64_t at) noexcept;
  void open_window(const Watch& watch);
  void close_window(const Watch& watch);
  void interrupt(std::int64_t now) noexcept;
  void close_books(std::int64_t now);
  ThreadUsage usage() const;
  void show(std::int64_t now);
  void end_second();
  void end_seconds(std::int64_t now);
  bool in_window(std::int64_t due) const noexcept { return due > begin_ && due <= end_; }

  const Options& options_;
  const std::vector<os::Address>& server_;
  unsigned source_addresses_;
  unsigned index_;
  os::UniqueFd events_;
  Requests requests_;
  Requests last_requests_;
  bool sizes_differ_;
  bool head_;
  std::optional<ExpectedBody> expected_body_;
  LastAnswer last_answer_;
  std::vector<char> buffer_;

  std::vector<Session> sessions_;  // active, idle, slow ones
  std::size_t active_;             // how many are
  std::size_t slow_begin_;
  bool connected_before_ = false;
  unsigned connecting_ = 0;
  bool any_waits_for_room_ = false;
  std::uint64_t active_count_ = 0;
  std::uint64_t batch_ = 0;          // of events, counted
  std::int64_t last_opened_ = 0;     // when a connection did
  std::int64_t last_seen_open_ = 0;  // when one was, at a look for timeouts
  int first_connect_error_ = 0;
  std::vector<AddressUse> address_uses_;
  std::uint8_t preferred_address_ = 0;   // the last that took a connection
  TimerWheel<Session*> wheel_{tick_ns};  // of all sessions that wait for something
  std::vector<Session*> unconnected_;    // to be tried again at the next tick

  // Of the window that runs, or has run last.
  Load load_;
  Plan plan_;
  bool open_loop_ = false;
  bool spins_ = false;
  bool running_ = false;
  bool measuring_ = false;
  bool stopping_ = false;       // no new requests
  std::int64_t begin_ = never;  // the edges as they were
  std::int64_t end_ = never;
  std::uint64_t requests_left_ = 0;  // to start (closed loop) or to fall due (open loop)
  std::deque<Session*> free_;  // open loop: sessions that can take a burst, as they became free
  std::deque<Burst> backlog_;  // open loop: what was due and no session could take
  Schedule schedule_{1, Arrivals::poisson, 0, 0, 1};
  std::uint64_t owed_ = 0;           // requests in flight, and to be sent again
  std::uint64_t waiting_again_ = 0;  // the latter
  std::mt19937 choice_;  // of a free session; apart, so that no choice changes the schedule
  std::int64_t next_timeout_check_ = 0;
  std::int64_t next_trickle_ = never;
  std::size_t next_slow_ = 0;
  bool cut_short_ = false;  // by a signal

  Live live_;
  Tally tally_;
  std::int64_t empty_poll_since_ = 0;  // --spin: of the poll just now, if it found nothing
  std::int64_t empty_polls_ns_ = 0;    // of the window
  std::int64_t second_end_ = never;
  Second second_;
  Histogram second_latency_;
  ThreadUsage at_open_;
};

}  // namespace duelio::loadgen
