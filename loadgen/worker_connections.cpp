// Connections: how they are opened, end, time out and are opened again; and the idle and slow ones
// beside the measured load.
#include <algorithm>
#include <cerrno>

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
    if (!ramping && silent > options_.timeout.count()) break;
    const std::int64_t look_again = os::monotonic_ns() + 10'000'000;
    const bool held_back = next < sessions_.size() && connecting_ < 64;
    if (connecting_ > 0 || held_back)
      wait(held_back ? std::min(look_again, opens_at()) : look_again);
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
  session.fd =
      os::UniqueFd(::socket(server_.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  session.connect_started = os::monotonic_ns();
  session.opened_in = batch_;
  session.reader = ResponseReader();
  session.started = 0;
  session.unsent_bytes = 0;
  session.stream_offset = requests_.begin(session.next_request);
  session.last_sent = false;
  session.closing_since = 0;
  if (!session.fd) return fail(session, ErrorClass::connect, errno);
  os::set_no_delay(session.fd.get());
  if (source_addresses_ > 0 && !bind_source(session))
    return fail(session, ErrorClass::connect, errno);
  session.link = Link::connecting;
  ++connecting_;
  if (::connect(session.fd.get(), server_.get(), server_.length) != 0 && errno != EINPROGRESS) {
    return fail(session, ErrorClass::connect, errno);
  }
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &session}};
  if (::epoll_ctl(events_.get(), EPOLL_CTL_ADD, session.fd.get(), &event) != 0) {
    fail(session, ErrorClass::connect, errno);
  }
}

void Worker::on_connected(Session& session) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(session.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return fail(session, ErrorClass::connect, error);
  session.link = Link::open;
  --connecting_;
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
  session.fd.reset();
}

void Worker::reopen(Session& session) {
  close(session);
  if (!running_ || !needs_connections()) return;
  ++tally_.reconnects;
  open(session);
}

void Worker::fail(Session& session, ErrorClass kind, int error) {
  if (kind == ErrorClass::connect) {
    if (first_connect_error_ == 0) first_connect_error_ = error;
    count_error(kind, error, os::monotonic_ns());
    close(session);
    return;  // tried again at the next look for timeouts, so that a refusing server does not make
             // us spin
  }
  const std::int64_t now = os::monotonic_ns();
  for (; session.count > 0; --session.count) {
    const std::int64_t due = session.in_flight[session.first].due;
    record_unanswered(due, now);
    count_error(kind, error, due);
    session.first = (session.first + 1) % options_.pipeline;
  }
  reopen(session);
}

void Worker::check_timeouts(std::int64_t now) {
  next_timeout_check_ = now + tick_ns;
  const std::int64_t limit = now - options_.timeout.count();
  for (Session& session : sessions_) {
    if (session.link == Link::connecting && session.connect_started < limit) {
      fail(session, ErrorClass::connect, ETIMEDOUT);
    } else if (session.link == Link::open && session.count > 0 &&
               session.in_flight[session.first].sent < limit) {
      fail(session, ErrorClass::timeout, 0);
    } else if (session.link == Link::open && session.closing_since != 0 &&
               session.closing_since < limit) {
      count_error(ErrorClass::unclosed, 0, now);
      reopen(session);
    } else if (session.link == Link::closed && needs_connections()) {
      ++tally_.reconnects;
      open(session);
    }
  }
  // Without a server a closed loop would never come to the last of its --requests.
  if (active_count_ > 0) last_seen_open_ = now;
  if (load_.requests > 0 && !open_loop_ && std::max(last_seen_open_, last_opened_) < limit)
    end_sending(now);
}

// What comes on a connection that carries no measured request.
void Worker::receive_aside(Session& session) {
  while (session.link == Link::open) {
    const ssize_t n = ::recv(session.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    const bool slow = session.role == Role::slow;
    if (n <= 0) {
      if (slow && measuring_) ++tally_.slow.closed;
      return reopen(session);
    }
    const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(n));
    const bool asked = slow && session.stream_offset == requests_.size(0);
    const auto outcome =
        asked ? read_answer(session, bytes).outcome : ResponseReader::Outcome::malformed;
    if (outcome == ResponseReader::Outcome::incomplete) continue;
    const bool good = outcome == ResponseReader::Outcome::complete &&
                      session.reader.status() == options_.expect_status &&
                      session.reader.body_is_good();
    if (slow && measuring_) ++(good ? tally_.slow.completed : tally_.slow.failed);
    if (!slow) count_error(ErrorClass::excess, 0, os::monotonic_ns());
    if (!good) return reopen(session);
    session.stream_offset = 0;
  }
}

// One more byte from each slow client; the answer is waited for before the next request.
void Worker::trickle(std::int64_t now) {
  next_trickle_ = now + options_.slow_gap.count();
  for (Session& session : sessions_) {
    if (session.role != Role::slow || session.link != Link::open) continue;
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
