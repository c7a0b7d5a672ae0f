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

Worker::Worker(const Options& options, const std::vector<os::Address>& server,
               unsigned source_addresses, unsigned index)
    : options_(options),
      server_(server),
      source_addresses_(source_addresses),
      index_(index),
      events_(::epoll_create1(EPOLL_CLOEXEC)),
      requests_(options, index, false),
      last_requests_(options, index, true),
      sizes_differ_(options.body_bytes != options.body_bytes_max),
      head_(options.method == "HEAD"),
      buffer_(64 * 1024),
      sessions_(share_of(options.connections, index, options.threads) +
                share_of(options.idle_connections, index, options.threads) +
                share_of(options.slow_clients, index, options.threads)),
      active_(share_of(options.connections, index, options.threads)),
      slow_begin_(active_ + share_of(options.idle_connections, index, options.threads)),
      address_uses_(server.size()) {
  if (!events_) os::throw_errno("epoll_create1");
  if (options.verify_body) expected_body_.emplace(options.target);
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    Session& session = sessions_[i];
    session.role = i < active_ ? Role::active : i < slow_begin_ ? Role::idle : Role::slow;
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
  if (options_.raw_samples) tally_.samples_ns.insert(tally_.samples_ns.end(), requests, latency);
  tally_.unanswered_ns += static_cast<double>(latency) * requests;
  if (measuring_) second_latency_.record(latency, requests);
}

// Returns how many events there were.
int Worker::wait(std::int64_t until) {
  std::array<epoll_event, 128> events;
  const std::int64_t now = os::monotonic_ns();
  const std::int64_t sleep = spins_ ? 0 : std::max<std::int64_t>(until - now, 0);
  const timespec timeout{sleep / 1'000'000'000, sleep % 1'000'000'000};
  const int n = ::epoll_pwait2(events_.get(), events.data(), events.size(), &timeout, nullptr);
  if (n == 0 && spins_ && measuring_) empty_poll_since_ = now;
  ++batch_;
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    drive(*static_cast<Session*>(event.data.ptr), event.events);
    // Requests that came due while this batch was handled are not kept waiting for its end.
    if (open_loop_ && running_) dispatch_due(os::monotonic_ns());
  }
  return n;
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
    const auto* const expected = expected_body_ ? &*expected_body_ : nullptr;
    if (session.count > 0 &&
        session.reader.end(head_, expected) == ResponseReader::Outcome::complete) {
      complete(session, os::monotonic_ns());
      send_again(session);
    } else if (session.send_error != 0) {
      lose(session, ErrorClass::reset, session.send_error);
    } else {
      lose(session, ErrorClass::closed_early, 0);
    }
  } else if (errno == EINTR) {
    return Received::full;
  } else if (errno != EAGAIN) {
    lose(session, ErrorClass::reset, errno);
  }
  return Received::nothing;
}

// False when the session was closed.
bool Worker::take_answers(Session& session, std::string_view bytes) {
  const std::int64_t now = os::monotonic_ns();
  bool closes = false;
  while (!bytes.empty() && !(closes && session.count > 0)) {
    if (session.count == 0) {
      // Behind a response that the drain waited for, too: it is a fault of the window's requests.
      count_error(ErrorClass::excess, 0, std::min(now, end_));
      reopen(session);
      return false;
    }
    const auto [outcome, used] = read_answer(session, bytes);
    if (outcome == ResponseReader::Outcome::malformed) {
      const Refusal& refusal = session.reader.refusal();
      tally_.first_refused.try_emplace(refusal.flaw, refusal.byte);
      fail(session, ErrorClass::malformed, static_cast<int>(refusal.flaw));
      return false;
    }
    bytes.remove_prefix(used);
    if (outcome == ResponseReader::Outcome::incomplete) return true;
    complete(session, now);
    closes = session.reader.closes();
  }
  if (closes) {
    if (session.count > 0) {
      send_again(session);
      return false;
    }
    // The announced end of the stream is waited for, so that the server, not we, keeps the
    // TIME_WAIT.
    session.last_sent = true;
    session.unsent_bytes = 0;  // of a body that it will not read: RFC 9112 section 9.6
    session.closing_since = now;
    watch(session, now);
    return true;
  }
  if (session.last_sent && session.count == 0) {
    session.closing_since = now;
    watch(session, now);
  }
  feed(session, now);
  return session.link == Link::open;
}

void Worker::complete(Session& session, std::int64_t now) {
  const Request request = session.in_flight[session.first];
  session.first = session.first + 1 == options_.pipeline ? 0 : session.first + 1;
  --session.count;
  --owed_;
  end_seconds(now);
  const bool good_status = session.reader.status() == options_.expect_status;
  const bool good = good_status && session.reader.body_is_good();
  if (measuring_) {
    tally_.completed_in_window += good ? 1 : 0;
    second_.completed += good ? 1 : 0;
    tally_.busy_ns += static_cast<double>(now - std::max(request.due, begin_));
  }
  if (!in_window(request.due)) return;
  if (!good) {
    record_unanswered(request.due, now);
    return good_status ? count_error(ErrorClass::body, 0, request.due)
                       : count_error(ErrorClass::status, session.reader.status(), request.due);
  }
  ++tally_.completed;
  const std::int64_t latency = now - request.due;
  tally_.latency.record(latency);
  if (options_.raw_samples) tally_.samples_ns.push_back(latency);
  if (measuring_) second_latency_.record(latency);
  if (open_loop_) tally_.service.record(now - request.sent);
}

bool Worker::has_room(const Session& session) const noexcept {
  if (session.link != Link::open || session.last_sent || session.count == options_.pipeline)
    return false;
  // The last request of a connection has bytes of its own: those before it must be on their way.
  return session.started + 1 != options_.requests_per_connection || session.unsent_bytes == 0;
}

// Puts a request on the session; flush() sends it.
void Worker::put(Session& session, std::int64_t due, std::int64_t now) {
  watch(session, now);
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
}

// A request that has not been sent before.
void Worker::start(Session& session, std::int64_t due, std::int64_t now) {
  put(session, due, now);
  ++owed_;
  if (!in_window(due)) return;
  ++tally_.sent;
  if (open_loop_) {
    tally_.send_lag.record(now - due);
  } else if (--requests_left_ == 0) {
    end_sending(due);
  }
}

// What was in flight on the connection before goes first.
void Worker::restart(Session& session, std::int64_t now) {
  std::size_t done = 0;
  while (done < session.again.size() && has_room(session))
    put(session, session.again[done++].due, now);
  session.again.erase(session.again.begin(),
                      session.again.begin() + static_cast<std::ptrdiff_t>(done));
  waiting_again_ -= done;
}

void Worker::refill(Session& session, std::int64_t now) {
  if (!session.again.empty()) restart(session, now);
  if (stopping_) return;
  while (requests_left_ > 0 && has_room(session)) start(session, now, now);
}

// Sends what there is to send, and what may follow.
void Worker::feed(Session& session, std::int64_t now) {
  bool held_back = false;
  do {
    held_back = session.unsent_bytes > 0;
    if (open_loop_) {
      offer(session);
    } else {
      refill(session, now);
      flush(session);
    }
    // The last request of a connection may have waited for just those bytes to be on their way.
  } while (held_back && session.link == Link::open && session.unsent_bytes == 0);
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
      if (errno == EPIPE || errno == ECONNRESET) {
        // What the server sent before it closed is still to be read, and its end comes as an event.
        session.send_error = errno;
        session.last_sent = true;
        session.unsent_bytes = 0;
      } else if (errno != EAGAIN) {
        lose(session, ErrorClass::reset, errno);
      }
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
  if (!session.again.empty()) restart(session, os::monotonic_ns());
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
    if (due > now || stopping_ || requests_left_ == 0) return;
    schedule_.advance();
    const bool counts = in_window(due);
    Burst burst{.due = due, .left = options_.pipeline};
    if (counts) {
      burst.left = static_cast<std::uint32_t>(std::min<std::uint64_t>(burst.left, requests_left_));
      tally_.scheduled += burst.left;
      tally_.dispatch_lag.record(now - due, burst.left);
      requests_left_ -= burst.left;
      if (requests_left_ == 0) end_sending(due);
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

}  // namespace duelio::loadgen
