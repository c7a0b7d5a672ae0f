#include "loadgen/worker.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/os/cpu.h"
#include "common/os/error.h"

namespace duelio::loadgen {
namespace {

template <class Count>
Count share_of(Count total, unsigned index, unsigned threads) {
  return total / threads + (index < total % threads ? 1 : 0);
}

}  // namespace

Worker::Worker(const Options& options, const os::Address& server, unsigned source_addresses,
               unsigned index)
    : options_(options),
      server_(server),
      source_addresses_(source_addresses),
      index_(index),
      events_(::epoll_create1(EPOLL_CLOEXEC)),
      requests_(options, index, false),
      last_requests_(options, index, true),
      sizes_differ_(options.body_bytes != options.body_bytes_max),
      head_(options.method == "HEAD"),
      open_loop_(options.rate.has_value()),
      sessions_(share_of(options.connections, index, options.threads) +
                share_of(options.idle_connections, index, options.threads) +
                share_of(options.slow_clients, index, options.threads)),
      schedule_(options.rate.value_or(1) / options.pipeline, options.arrivals, options.seed, index,
                options.threads),
      choice_(static_cast<std::uint32_t>(options.seed * options.threads + index)),
      buffer_(64 * 1024),
      requests_left_(std::numeric_limits<std::uint64_t>::max()) {
  if (!events_) os::throw_errno("epoll_create1");
  if (options.requests > 0) requests_left_ = share_of(options.requests, index, options.threads);
  if (options.verify_body) expected_body_.emplace(options.target);
  const unsigned active = share_of(options.connections, index, options.threads);
  const unsigned idle = share_of(options.idle_connections, index, options.threads);
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    Session& session = sessions_[i];
    session.role = i < active ? Role::active : i < active + idle ? Role::idle : Role::slow;
    if (session.role == Role::active) session.in_flight.resize(options.pipeline);
    if (sizes_differ_ && session.role == Role::active)
      session.next_request = static_cast<std::uint32_t>(i) % requests_.count();
  }
}

void Worker::count_error(ErrorClass kind, int error, std::int64_t due) {
  if (running_ && !in_window(due)) return;
  ++tally_.errors[{kind, error}];
  ++second_.errors;
  if (ends_a_request(kind)) ++tally_.request_errors;
}

// Left out, the requests that fared worst would make the percentiles better.
void Worker::record_unanswered(std::int64_t due, std::int64_t now, std::uint32_t requests) {
  if (!in_window(due)) return;
  const std::int64_t latency = std::max<std::int64_t>(now - due, options_.timeout.count());
  tally_.latency.record(latency, requests);
  tally_.unanswered_ns += static_cast<double>(latency) * requests;
  if (measuring_) second_latency_.record(latency, requests);
}

void Worker::wait(std::int64_t until) {
  std::array<epoll_event, 128> events;
  const std::int64_t now = os::monotonic_ns();
  const std::int64_t sleep = spins() ? 0 : std::max<std::int64_t>(until - now, 0);
  const timespec timeout{sleep / 1'000'000'000, sleep % 1'000'000'000};
  const int n = ::epoll_pwait2(events_.get(), events.data(), events.size(), &timeout, nullptr);
  if (n == 0 && spins() && measuring_) empty_poll_since_ = now;
  ++batch_;
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    drive(*static_cast<Session*>(event.data.ptr), event.events);
    // Requests that came due while this batch was handled are not kept waiting for its end.
    if (open_loop_ && running_) dispatch_due(os::monotonic_ns());
  }
}

void Worker::drive(Session& session, std::uint32_t happened) {
  // Closed, and perhaps opened anew, earlier in this batch: the event is its predecessor's.
  if (session.link == Link::closed || session.opened_in == batch_) return;
  if (session.link == Link::connecting) {
    if ((happened & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) on_connected(session);
    if (session.link != Link::open) return;
  }
  if ((happened & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    // After the end of the stream has been announced a short receive is not the last one.
    const bool ended = (happened & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (session.role != Role::active) return receive_aside(session);
    Received received = Received::full;
    while (received == Received::full || (ended && received == Received::part))
      received = receive(session);
  }
  if (session.role != Role::active || session.link != Link::open || session.unsent_bytes == 0)
    return;
  flush(session);
  // The last request of a connection may have waited for those bytes to be on their way.
  if (session.link == Link::open && session.unsent_bytes == 0) feed(session, os::monotonic_ns());
}

// One receive; `nothing` also when it ended the connection.
Worker::Received Worker::receive(Session& session) {
  const ssize_t n = ::recv(session.fd.get(), buffer_.data(), buffer_.size(), 0);
  if (n > 0) {
    const auto size = static_cast<std::size_t>(n);
    if (measuring_) tally_.bytes_received += size;
    if (!take_answers(session, {buffer_.data(), size})) return Received::nothing;
    return size == buffer_.size() ? Received::full : Received::part;
  }
  if (n == 0) {
    if (session.count > 0) {
      fail(session, ErrorClass::closed_early, 0);
    } else {
      reopen(session);
    }
  } else if (errno == EINTR) {
    return Received::full;
  } else if (errno != EAGAIN) {
    fail(session, ErrorClass::reset, errno);
  }
  return Received::nothing;
}

// False when the session was closed.
bool Worker::take_answers(Session& session, std::string_view bytes) {
  const std::int64_t now = os::monotonic_ns();
  bool closes = false;
  while (!bytes.empty() && !(closes && session.count > 0)) {
    if (session.count == 0) {
      count_error(ErrorClass::excess, 0, now);
      reopen(session);
      return false;
    }
    const auto [outcome, used] = read_answer(session, bytes);
    if (outcome == ResponseReader::Outcome::malformed) {
      fail(session, ErrorClass::malformed, 0);
      return false;
    }
    bytes.remove_prefix(used);
    if (outcome == ResponseReader::Outcome::incomplete) return true;
    complete(session, now);
    closes = session.reader.closes();
  }
  if (closes) {
    // The announced end of the stream is waited for, so that the server, not we, keeps the
    // TIME_WAIT.
    if (session.count > 0) {
      fail(session, ErrorClass::closed_early, 0);
      return false;
    }
    session.last_sent = true;
    session.unsent_bytes = 0;  // of a body that it will not read: RFC 9112 section 9.6
    session.closing_since = now;
    return true;
  }
  if (session.last_sent && session.count == 0) session.closing_since = now;
  feed(session, now);
  return session.link == Link::open;
}

void Worker::complete(Session& session, std::int64_t now) {
  const Request request = session.in_flight[session.first];
  session.first = session.first + 1 == options_.pipeline ? 0 : session.first + 1;
  --session.count;
  end_seconds(now);
  const bool good_status = session.reader.status() == options_.expect_status;
  const bool good = good_status && session.reader.body_is_good();
  if (window_open(now)) {
    tally_.completed_in_window += good ? 1 : 0;
    second_.completed += good ? 1 : 0;
    tally_.busy_ns += static_cast<double>(now - std::max(request.due, plan_.measure));
  }
  if (!in_window(request.due)) return;
  if (!good) {
    record_unanswered(request.due, now);
    return count_error(good_status ? ErrorClass::body : ErrorClass::status, 0, request.due);
  }
  ++tally_.completed;
  const std::int64_t latency = now - request.due;
  tally_.latency.record(latency);
  if (window_open(now)) second_latency_.record(latency);
  if (open_loop_) tally_.service.record(now - request.sent);
}

bool Worker::has_room(const Session& session) const noexcept {
  if (session.link != Link::open || session.last_sent || session.count == options_.pipeline)
    return false;
  // The last request of a connection has bytes of its own: those before it must be on their way.
  return session.started + 1 != options_.requests_per_connection || session.unsent_bytes == 0;
}

// Puts a request on the session; flush() sends it.
void Worker::start(Session& session, std::int64_t due, std::int64_t now) {
  const std::uint32_t slot = session.first + session.count;
  session.in_flight[slot >= options_.pipeline ? slot - options_.pipeline : slot] = {due, now};
  ++session.count;
  ++session.started;
  if (session.started == options_.requests_per_connection) {
    session.last_sent = true;
    session.unsent_bytes = last_requests_.size(session.next_request);
    session.stream_offset = last_requests_.begin(session.next_request);
  } else {
    session.unsent_bytes += requests_.size(session.next_request);
  }
  if (sizes_differ_ && ++session.next_request == requests_.count()) session.next_request = 0;
  if (!in_window(due)) return;
  ++tally_.sent;
  if (open_loop_) {
    tally_.send_lag.record(now - due);
  } else if (--requests_left_ == 0) {
    end_sending(due + 1);
  }
}

void Worker::refill(Session& session, std::int64_t now) {
  if (stopping_ || now >= plan_.drain) return;
  while (requests_left_ > 0 && has_room(session)) start(session, now, now);
}

// Sends what there is to send, and what may follow.
void Worker::feed(Session& session, std::int64_t now) {
  if (open_loop_) return offer(session);
  refill(session, now);
  flush(session);
}

void Worker::flush(Session& session) {
  while (session.unsent_bytes > 0) {
    const bool last = session.last_sent;
    const std::string& bytes = last ? last_requests_.bytes() : requests_.bytes();
    const std::size_t size =
        std::min<std::uint64_t>(session.unsent_bytes, bytes.size() - session.stream_offset);
    const ssize_t n =
        ::send(session.fd.get(), bytes.data() + session.stream_offset, size, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) fail(session, ErrorClass::reset, errno);
      return;
    }
    if (measuring_) tally_.bytes_sent += static_cast<std::uint64_t>(n);
    session.unsent_bytes -= static_cast<std::uint64_t>(n);
    session.stream_offset += static_cast<std::uint64_t>(n);
    // Requests of one size may start over with each batch.
    if (session.stream_offset == bytes.size() || (session.unsent_bytes == 0 && !sizes_differ_))
      session.stream_offset = 0;
    if (static_cast<std::size_t>(n) < size) return;  // epoll(7), question 9: the buffer is full
  }
}

// By one send, but for a connection's last request, which has bytes of its own.
void Worker::send_burst(Session& session, Burst& burst, std::int64_t now) {
  while (burst.left > 0 && has_room(session)) {
    start(session, burst.due, now);
    --burst.left;
    if (burst.left == 0 || !has_room(session)) flush(session);
  }
}

// Open loop: the session may be able to take what waits, or what falls due next.
void Worker::offer(Session& session) {
  if (session.unsent_bytes > 0) flush(session);
  while (!backlog_.empty() && is_free(session)) {
    send_burst(session, backlog_.front(), os::monotonic_ns());
    if (backlog_.front().left == 0) backlog_.pop_front();
  }
  if (is_free(session) && !session.listed) {
    session.listed = true;
    free_.push_back(&session);
  }
}

Worker::Session* Worker::take_free() {
  while (!free_.empty()) {
    Session* session = free_.front();
    if (options_.connection_choice == ConnectionChoice::random) {
      const std::size_t pick = (std::uint64_t{choice_()} * free_.size()) >> 32U;
      session = std::exchange(free_[pick], free_.back());
      free_.pop_back();
    } else {
      free_.pop_front();
    }
    session->listed = false;
    if (is_free(*session)) return session;  // it may have been closed since it was listed
  }
  return nullptr;
}

void Worker::dispatch_due(std::int64_t now) {
  while (true) {
    const std::int64_t due = plan_.start + schedule_.next();
    if (due > now || due >= plan_.drain || requests_left_ == 0) return;
    schedule_.advance();
    const bool counts = in_window(due);
    Burst burst{.due = due, .left = options_.pipeline};
    if (counts) {
      burst.left = static_cast<std::uint32_t>(std::min<std::uint64_t>(burst.left, requests_left_));
      tally_.scheduled += burst.left;
      tally_.dispatch_lag.record(now - due, burst.left);
      requests_left_ -= burst.left;
      if (requests_left_ == 0) end_sending(due + 1);
    }
    while (burst.left > 0) {
      Session* const session = take_free();
      if (session == nullptr) {
        backlog_.push_back(burst);
        tally_.had_to_wait += counts ? burst.left : 0;
        break;
      }
      send_burst(*session, burst, now);
      now = os::monotonic_ns();
    }
  }
}

// Closes the window at `at`, unless it closes before. Its last request is due just before that.
void Worker::end_sending(std::int64_t at) noexcept {
  plan_.drain = std::min(plan_.drain, at);
  plan_.give_up = std::min(plan_.give_up, at + options_.timeout.count());
}

void Worker::open_window(std::int64_t now) {
  measuring_ = true;
  at_open_ = ThreadUsage::now();
  second_end_ = plan_.measure + 1'000'000'000;
  window_begin_ = now;
  second_ = {};  // errors of the time when the connections opened
}

void Worker::close_window(std::int64_t now) {
  measuring_ = false;
  end_seconds(now);
  end_second();
  second_end_ = std::numeric_limits<std::int64_t>::max();
  const ThreadUsage usage = ThreadUsage::now();
  tally_.cpu_ns = usage.cpu_ns - at_open_.cpu_ns;
  tally_.user_ns = usage.user_ns - at_open_.user_ns;
  tally_.system_ns = usage.system_ns - at_open_.system_ns;
  tally_.run_delay_ns = usage.run_delay_ns - at_open_.run_delay_ns;
  const std::int64_t accounted_ns = std::max<std::int64_t>(now - window_begin_, 1);
  const std::int64_t busy_ns = spins() ? accounted_ns - empty_polls_ns_ : tally_.cpu_ns;
  tally_.max_thread_share = static_cast<double>(busy_ns) / static_cast<double>(accounted_ns);
  for (const Session& session :
       sessions_) {  // still in flight: they count for Little's law up to here
    for (std::uint32_t i = 0; i < session.count; ++i) {
      const Request& request = session.in_flight[(session.first + i) % options_.pipeline];
      tally_.busy_ns += static_cast<double>(
          std::max<std::int64_t>(now - std::max(request.due, plan_.measure), 0));
    }
  }
}

void Worker::show(std::int64_t now) {
  end_seconds(now);  // a stalled server completes nothing that would
  live_.completed.store(tally_.completed_in_window, std::memory_order_relaxed);
  live_.errors.store(tally_.request_errors, std::memory_order_relaxed);
}

void Worker::end_second() {
  second_latency_.for_each([this](std::uint64_t lower, std::uint64_t upper, std::uint64_t count) {
    second_.latencies.emplace_back(lower + (upper - lower) / 2, count);
  });
  live_.p99_ns.store(second_latency_.quantile(0.99), std::memory_order_relaxed);
  tally_.series.push_back(std::move(second_));
  second_ = {};
  second_latency_.clear();
}

// The last one ends with the window.
void Worker::end_seconds(std::int64_t now) {
  for (; second_end_ <= now && second_end_ < plan_.drain; second_end_ += 1'000'000'000)
    end_second();
}

void Worker::run(const Plan& plan, const std::atomic<bool>& interrupted, const Watch& watch) {
  plan_ = plan;
  running_ = true;
  std::int64_t now = os::monotonic_ns();
  for (Session& session : sessions_) {
    if (session.link == Link::open && session.role == Role::active) feed(session, now);
  }
  next_timeout_check_ = now + tick_ns;
  last_seen_open_ = now;
  if (options_.slow_clients > 0) next_trickle_ = now;
  while (true) {
    now = os::monotonic_ns();
    if (empty_poll_since_ != 0) empty_polls_ns_ += now - std::exchange(empty_poll_since_, 0);
    // All its requests may have been started in the batch of events in which its time came.
    if (window_begin_ == 0 && now >= plan_.measure && (now < plan_.drain || requests_left_ == 0)) {
      open_window(now);
      if (watch.on_open) watch.on_open(now);
    }
    if (interrupted.load(std::memory_order_relaxed) && !stopping_) end_sending(now);
    if (open_loop_) dispatch_due(now);
    if (now >= plan_.drain && !stopping_) {
      stopping_ = true;
      if (measuring_) {
        close_window(now);
        if (watch.on_close) watch.on_close(now);
      }
    }
    if (now >= next_timeout_check_) {
      check_timeouts(now);
      if (measuring_) {
        show(now);
        if (watch.on_tick) watch.on_tick(now);
      }
    }
    if (now >= next_trickle_ && !stopping_) trickle(now);
    if (stopping_) {
      const bool quiet =
          backlog_.empty() && std::all_of(sessions_.begin(), sessions_.end(),
                                          [](const Session& s) { return s.count == 0; });
      if (quiet || now >= plan_.give_up) break;
    }
    std::int64_t until = std::min(next_timeout_check_, stopping_ ? plan_.give_up : plan_.drain);
    if (!stopping_) until = std::min(until, next_trickle_);
    if (!measuring_ && !stopping_) until = std::min(until, plan_.measure);
    if (open_loop_ && !stopping_) until = std::min(until, plan_.start + schedule_.next());
    wait(until);
  }
  for (const Burst& burst : backlog_) {
    record_unanswered(burst.due, now, burst.left);
    tally_.unsent += in_window(burst.due) ? burst.left : 0;
  }
  for (const Session& session : sessions_) {
    for (std::uint32_t i = 0; i < session.count; ++i) {
      const Request& request = session.in_flight[(session.first + i) % options_.pipeline];
      record_unanswered(request.due, now);
      if (in_window(request.due)) ++tally_.in_flight;
    }
  }
}

}  // namespace duelio::loadgen
