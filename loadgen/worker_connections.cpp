// Connections: how they are opened, end, time out and are opened again; and the idle and slow ones
// beside the measured load.
#include <algorithm>
#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/os/cpu.h"
#include "common/os/socket.h"
#include "loadgen/worker.h"

namespace duelio::loadgen {

void Worker::connect_all(const std::atomic<bool>& interrupted) {
  // What the server has closed since the last window.
  while (wait(0) > 0) {
  }
  const std::int64_t start = os::monotonic_ns();
  start_wheel(start);
  next_timeout_check_ = start + tick_ns;
  const std::int64_t ramp_ns = connected_before_ ? 0 : options_.ramp.count();
  const double gap_ns = static_cast<double>(ramp_ns) / static_cast<double>(sessions_.size());
  std::size_t next = 0;
  std::int64_t newest_due = start;
  const auto opens_at = [&] {  // threads take turns
    return start +
           static_cast<std::int64_t>(gap_ns * (static_cast<double>(next) +
                                               static_cast<double>(index_) / options_.threads));
  };
  const auto skip_open_ones = [&] {
    while (next < sessions_.size() && sessions_[next].link != Link::closed) ++next;
  };
  skip_open_ones();
  // In batches smaller than any backlog, so that no SYN is dropped and comes again a second later.
  while ((next < sessions_.size() || connecting_ > 0) && !interrupted.load()) {
    while (next < sessions_.size() && connecting_ < 64 && opens_at() <= os::monotonic_ns()) {
      newest_due = opens_at();
      tally_.reconnects += connected_before_ ? 1 : 0;
      open(sessions_[next++]);
      skip_open_ones();
    }
    const bool ramping = next < sessions_.size() && opens_at() > os::monotonic_ns();
    const std::int64_t silent = os::monotonic_ns() - std::max(last_opened_, newest_due);
    const auto attempts = static_cast<std::int64_t>(server_.size());  // each may time out
    if (!ramping && silent / attempts > options_.timeout.count() + 2 * tick_ns) break;
    const std::int64_t look_again = os::monotonic_ns() + 10'000'000;
    const bool held_back = next < sessions_.size() && connecting_ < 64;
    if (connecting_ > 0 || held_back)
      wait(held_back ? std::min(look_again, opens_at()) : look_again);
    if (const std::int64_t now = os::monotonic_ns(); now >= next_timeout_check_)
      check_timeouts(now);
  }
  connected_before_ = true;
}

void Worker::disconnect() {
  for (Session& session : sessions_) {
    if (session.link != Link::closed) close(session);
  }
  connected_before_ = false;
}

void Worker::clear_tally() {
  tally_.clear();
  first_connect_error_ = 0;
}

std::uint64_t Worker::open_connections() const noexcept {
  return static_cast<std::uint64_t>(
      std::count_if(sessions_.begin(), sessions_.end(),
                    [](const Session& session) { return session.link == Link::open; }));
}

// Connections beyond the ephemeral ports of one address (ip(7), ip_local_port_range) come from
// others. The port is left to connect(2): chosen by bind(2) it would have to be free for all peers.
bool Worker::bind_source(const Session& session) const {
  const auto number =
      static_cast<unsigned>(&session - sessions_.data()) * options_.threads + index_;
  const int on = 1;
  setsockopt(session.fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr = htonl(0x7f000002U + number % source_addresses_);
  return ::bind(session.fd.get(), reinterpret_cast<const sockaddr*>(&source), sizeof source) == 0;
}

void Worker::open(Session& session) {
  session.connect_started = os::monotonic_ns();
  session.address = preferred_address_;
  session.addresses_tried = 0;
  try_address(session);
}

void Worker::try_address(Session& session) {
  const os::Address& address = server_[session.address];
  session.fd =
      os::UniqueFd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  session.attempt_started = os::monotonic_ns();
  session.opened_in = batch_;
  session.reader = ResponseReader();
  session.started = 0;
  session.unsent_bytes = 0;
  session.stream_offset = requests_.begin(session.next_request);
  session.last_sent = false;
  session.closing_since = 0;
  session.send_error = 0;
  if (!session.fd) return address_failed(session, errno);
  if (address.family() != AF_UNIX) os::set_no_delay(session.fd.get());
  if (source_addresses_ > 0 && address.family() == AF_INET && !bind_source(session))
    return address_failed(session, errno);
  session.link = Link::connecting;
  ++connecting_;
  connect(session);
}

// A Unix socket whose listener's queue is full says so at once (EAGAIN, unix(7)), where TCP would
// send its SYN again: it is asked again at the next tick.
void Worker::connect(Session& session) {
  const os::Address& address = server_[session.address];
  if (::connect(session.fd.get(), address.get(), address.length) != 0 && errno != EINPROGRESS) {
    if (errno != EAGAIN || address.family() != AF_UNIX) return address_failed(session, errno);
    session.waits_for_room = any_waits_for_room_ = true;
    return watch(session, session.attempt_started);
  }
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &session}};
  if (::epoll_ctl(events_.get(), EPOLL_CTL_ADD, session.fd.get(), &event) != 0) {
    return address_failed(session, errno);
  }
  watch(session, session.attempt_started);
}

void Worker::connect_waiting() {
  if (!std::exchange(any_waits_for_room_, false)) return;
  for (Session& session : sessions_) {
    if (std::exchange(session.waits_for_room, false)) connect(session);
  }
}

// The next address is tried; a connection has failed when it was refused at all of them.
void Worker::address_failed(Session& session, int error) {
  AddressUse& use = address_uses_[session.address];
  if (use.first_error == 0) use.first_error = error;
  close(session);
  if (++session.addresses_tried == server_.size()) return fail(session, ErrorClass::connect, error);
  session.address = static_cast<std::uint8_t>((session.address + 1U) % server_.size());
  try_address(session);
}

void Worker::on_connected(Session& session) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(session.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return address_failed(session, error);
  session.link = Link::open;
  --connecting_;
  ++address_uses_[session.address].opened;
  preferred_address_ = session.address;
  const std::int64_t now = last_opened_ = os::monotonic_ns();
  if (session.role != Role::active) return;
  tally_.peak = std::max(tally_.peak, ++active_count_);
  if (!running_) return;
  if (in_window(session.connect_started)) tally_.connect.record(now - session.connect_started);
  feed(session, now);
}

void Worker::close(Session& session) {
  if (session.link == Link::connecting) --connecting_;
  if (session.link == Link::open && session.role == Role::active) --active_count_;
  session.link = Link::closed;
  session.waits_for_room = false;
  session.fd.reset();
}

// One that was of no use waits for the next tick: a server that hangs up on all who come does not
// make us spin.
void Worker::reopen(Session& session) {
  close(session);
  if (!running_ || !needs_connections()) return;
  if (session.started == 0) return unconnected_.push_back(&session);
  ++tally_.reconnects;
  open(session);
}

void Worker::fail(Session& session, ErrorClass kind, int error) {
  if (kind == ErrorClass::connect) {
    if (first_connect_error_ == 0) first_connect_error_ = error;
    count_error(kind, error, os::monotonic_ns());
    close(session);
    // Tried again at the next tick, so that a refusing server does not make us spin.
    unconnected_.push_back(&session);
    return;
  }
  const std::int64_t now = os::monotonic_ns();
  owed_ -= session.count;
  for (; session.count > 0; --session.count) {
    const std::int64_t due = session.in_flight[session.first].due;
    record_unanswered(due, now);
    count_error(kind, error, due);
    session.first = (session.first + 1) % options_.pipeline;
  }
  reopen(session);
}

// The stream has ended, or is broken. A server may close a connection between two responses at any
// time (RFC 9112 section 9.5), and leave requests of a pipeline unanswered (section 9.3.2): no
// fault where it has answered one. It would be, before the first: nobody could ever be answered
// then.
void Worker::lose(Session& session, ErrorClass kind, int error) {
  const bool has_answered = session.started > session.count;
  if (session.count > 0 && !(has_answered && !session.reader.in_answer()))
    return fail(session, kind, error);
  send_again(session);
}

// On another connection, in the same order. There one of them is answered or fails, so that none
// is sent more often than a pipeline is long.
void Worker::send_again(Session& session) {
  const std::uint32_t requests = session.count;
  std::vector<Request> again;  // before those that were not sent again yet
  for (; session.count > 0; --session.count) {
    again.push_back(session.in_flight[session.first]);
    if (in_window(again.back().due)) ++tally_.resent;
    session.first = (session.first + 1) % options_.pipeline;
  }
  session.again.insert(session.again.begin(), again.begin(), again.end());
  waiting_again_ += requests;
  if (sizes_differ_) {  // of the same sizes
    const std::uint32_t sizes = requests_.count();
    session.next_request = (session.next_request + sizes - requests % sizes) % sizes;
  }
  reopen(session);
}

// Has look() come when --timeout has passed since then. Who is watched already is looked at no
// later than that: all wait for the same time.
void Worker::watch(Session& session, std::int64_t since) {
  if (session.watched) return;
  session.watched = true;
  wheel_.add(&session, since + options_.timeout.count() + 1);
}

std::int64_t Worker::waits_since(const Session& session) const noexcept {
  std::int64_t since = session.again.empty() ? never : session.again.front().sent;
  if (session.link == Link::connecting) since = std::min(since, session.attempt_started);
  if (session.link != Link::open) return since;
  if (session.count > 0) since = std::min(since, session.in_flight[session.first].sent);
  if (session.closing_since != 0) since = std::min(since, session.closing_since);
  return since;
}

// Ends what has waited for --timeout.
void Worker::look(Session& session, std::int64_t now) {
  session.watched = false;
  const std::int64_t limit = now - options_.timeout.count();
  while (!session.again.empty() && session.again.front().sent < limit) {
    const std::int64_t due = session.again.front().due;
    record_unanswered(due, now);
    count_error(ErrorClass::timeout, 0, due);
    session.again.erase(session.again.begin());
    --waiting_again_;
    --owed_;
  }
  if (session.link == Link::connecting && session.attempt_started < limit) {
    address_failed(session, ETIMEDOUT);
  } else if (session.link == Link::open && session.count > 0 &&
             session.in_flight[session.first].sent < limit) {
    fail(session, ErrorClass::timeout, 0);
  } else if (session.link == Link::open && session.closing_since != 0 &&
             session.closing_since < limit) {
    count_error(ErrorClass::unclosed, 0, now);
    reopen(session);
  }
  if (const std::int64_t since = waits_since(session); since != never) watch(session, since);
}

void Worker::start_wheel(std::int64_t now) {
  wheel_.start(now);
  for (Session& session : sessions_) {
    session.watched = false;
    if (const std::int64_t since = waits_since(session); since != never) watch(session, since);
  }
}

void Worker::check_timeouts(std::int64_t now) {
  next_timeout_check_ = now + tick_ns;
  wheel_.turn(now, [&](Session* session) { look(*session, now); });
  connect_waiting();
  if (!running_) return;
  for (Session* const session : std::exchange(unconnected_, {})) {
    if (session->link != Link::closed || !needs_connections()) continue;
    ++tally_.reconnects;
    open(*session);
  }
  // Without a server a closed loop would never come to the last of its --requests.
  if (active_count_ > 0) last_seen_open_ = now;
  if (load_.requests > 0 && !open_loop_ &&
      std::max(last_seen_open_, last_opened_) < now - options_.timeout.count())
    end_sending(now);
}

// What comes on a connection that carries no measured request.
void Worker::receive_aside(Session& session) {
  while (session.link == Link::open) {
    const ssize_t n = ::recv(session.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    const bool slow = session.role == Role::slow;
    const bool asked = slow && session.stream_offset == requests_.size(0);
    const auto count_response = [&](ResponseReader::Outcome outcome) {
      const bool good = outcome == ResponseReader::Outcome::complete &&
                        session.reader.status() == options_.expect_status &&
                        session.reader.body_is_good();
      if (slow && measuring_) ++(good ? tally_.slow.completed : tally_.slow.failed);
      return good;
    };
    if (n == 0 && asked) {
      const auto outcome = session.reader.end(head_, expected_body_ ? &*expected_body_ : nullptr);
      if (outcome == ResponseReader::Outcome::complete) {
        count_response(outcome);
        return reopen(session);
      }
    }
    if (n <= 0) {
      if (slow && measuring_) ++tally_.slow.closed;
      return reopen(session);
    }
    const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(n));
    const auto outcome =
        asked ? read_answer(session, bytes).outcome : ResponseReader::Outcome::malformed;
    if (outcome == ResponseReader::Outcome::incomplete) continue;
    const bool good = count_response(outcome);
    if (!slow) count_error(ErrorClass::excess, 0, os::monotonic_ns());
    if (!good || session.reader.closes()) return reopen(session);
    session.stream_offset = 0;
  }
}

// One more byte from each slow client in turn, so that many of them do not keep a request that is
// due waiting; the response is waited for before the next request.
void Worker::trickle(std::int64_t now) {
  const std::span<Session> slow = slow_sessions();
  const std::int64_t gap =
      std::max<std::int64_t>(options_.slow_gap.count() / static_cast<std::int64_t>(slow.size()), 1);
  if (now - next_trickle_ > options_.slow_gap.count()) next_trickle_ = now;  // no catching up
  for (int bytes = 0; bytes < 16 && next_trickle_ <= now; ++bytes) {
    next_trickle_ += gap;
    Session& session = slow[next_slow_];
    next_slow_ = (next_slow_ + 1) % slow.size();
    if (session.link != Link::open) continue;
    if (session.stream_offset == requests_.size(0)) {
      if (now - session.last_byte < options_.timeout.count()) continue;
      if (measuring_) ++tally_.slow.failed;
      reopen(session);
      continue;
    }
    const ssize_t n =
        ::send(session.fd.get(), requests_.bytes().data() + session.stream_offset, 1, MSG_NOSIGNAL);
    if (n != 1) continue;  // a hangup comes as an event
    ++session.stream_offset;
    session.last_byte = now;
    if (measuring_) ++tally_.slow.bytes_sent;
  }
}

}  // namespace duelio::loadgen
