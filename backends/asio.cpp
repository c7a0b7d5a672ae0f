// Boost.Asio with callbacks, as its tutorial and examples use it: a session keeps itself alive by
// the handlers it is bound to, reads with async_read_some and answers with async_write. Asio waits
// (epoll(7), edge-triggered) and calls back; each thread has an io_context, a listener
// (SO_REUSEPORT) and sessions of its own.
//
// System calls per keep-alive request: two recvmsg (Asio tries at once, finds EAGAIN, waits, tries
// again), one sendmsg, and a share of an epoll_wait. The receive buffer belongs to the session:
// Asio may fill it at any time until the handler is called. Asio does not show its waits and system
// calls, so they are not counted; events are handlers called.
#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <unordered_set>

#include <boost/asio.hpp>

#include "backends/backend.h"
#include "backends/support/workers.h"
#include "common/http/connection.h"
#include "common/os/address.h"

namespace duelio::backends {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

class Session;

// What the sessions of a thread share.
struct Shared {
  Shared(const ServerConfig& config) : workspace(config.limits, *config.clock) {}
  http::Workspace workspace;
  Counters counters;
  std::unordered_set<Session*> sessions;  // touched when one opens or closes
  bool draining = false;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Shared& shared)
      : socket_(std::move(socket)),
        shared_(shared),
        connection_(shared.workspace, http::Buffers::owned) {
    shared_.sessions.insert(this);
    if (shared_.draining) connection_.begin_drain();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { shared_.sessions.erase(this); }

  void step() {
    while (true) {
      switch (connection_.want()) {
        case http::Want::read:
          return read();
        case http::Want::write:
          return write();
        case http::Want::half_close: {
          error_code ignored;
          socket_.shutdown(tcp::socket::shutdown_send, ignored);
          connection_.commit_half_close();
          break;
        }
        case http::Want::close:
          return;  // the last handler lets go of the session
      }
    }
  }

  // Graceful stop: a request that is already here is still answered, an idle session is closed.
  void begin_drain() {
    connection_.begin_drain();
    error_code ignored;
    if (connection_.is_idle() && socket_.available(ignored) == 0) socket_.close(ignored);
  }

 private:
  void read() {
    const std::span<char> room = connection_.prepare();
    socket_.async_read_some(
        net::buffer(room.data(), room.size()),
        [self = shared_from_this()](error_code error, std::size_t n) { self->on_read(error, n); });
  }

  void on_read(error_code error, std::size_t n) {
    ++shared_.counters.events;
    shared_.counters.bytes_in += n;
    if (!error) {
      connection_.commit(n);
    } else if (error == net::error::eof) {
      connection_.commit_eof();
    } else {
      return fail(error);
    }
    step();
  }

  void write() {
    const std::span<const char> bytes = connection_.output();
    net::async_write(
        socket_, net::buffer(bytes.data(), bytes.size()),
        [self = shared_from_this()](error_code error, std::size_t n) { self->on_write(error, n); });
  }

  void on_write(error_code error, std::size_t n) {
    ++shared_.counters.events;
    shared_.counters.bytes_out += n;
    if (error) return fail(error);
    connection_.consume(n);
    step();
  }

  void fail(error_code error) {
    if (error != net::error::operation_aborted) shared_.counters.count_error(error.value());
  }

  tcp::socket socket_;
  Shared& shared_;
  http::Connection connection_;
};

class Worker {
 public:
  Worker(const ServerConfig& config, os::UniqueFd listener, const std::stop_token& stop)
      : shared_(config),
        context_(1),
        acceptor_(context_),
        pause_(context_),
        deadline_(context_),
        stop_(stop, Stop{*this}) {
    const bool v6 = os::local_address(listener.get()).family() == AF_INET6;
    acceptor_.assign(v6 ? tcp::v6() : tcp::v4(), listener.release());
    acceptor_.non_blocking(true);
    accept();
  }

  void run() { context_.run(); }

  Counters counters() const noexcept {
    Counters sum = shared_.counters;
    sum.requests = shared_.workspace.requests;
    sum.rejections = shared_.workspace.rejections;
    return sum;
  }

 private:
  struct Stop {
    Worker& worker;
    void operator()() const {
      net::post(worker.context_, [&worker = worker] { worker.drain(); });
    }
  };

  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (!error) {
        open(std::move(socket));
        return accept();
      }
      // A lack of descriptors or memory passes; trying again at once would spin.
      ++shared_.counters.accept_refused;
      pause_.expires_after(std::chrono::milliseconds(10));
      pause_.async_wait([this](error_code stopped) {
        if (!stopped) accept();
      });
    });
  }

  void open(tcp::socket socket) {
    ++shared_.counters.accepts;
    std::make_shared<Session>(std::move(socket), shared_)->step();
  }

  void drain() {
    shared_.draining = true;
    error_code error;
    while (true) {
      tcp::socket socket = acceptor_.accept(error);
      if (error) break;
      open(std::move(socket));
    }
    acceptor_.close(error);
    pause_.cancel();
    for (Session* session : shared_.sessions) session->begin_drain();
    // The context runs out of work when the last session ends; if one does not, it is stopped.
    deadline_.expires_after(std::chrono::milliseconds(drain_limit_ms));
    deadline_.async_wait([this](error_code stopped) {
      if (!stopped) context_.stop();
    });
    watch();
  }

  // Gives the deadline up when there is nothing left to wait for.
  void watch() {
    if (shared_.sessions.empty()) {
      deadline_.cancel();
      return;
    }
    pause_.expires_after(std::chrono::milliseconds(5));
    pause_.async_wait([this](error_code) { watch(); });
  }

  Shared shared_;
  net::io_context context_;
  tcp::acceptor acceptor_;
  net::steady_timer pause_;
  net::steady_timer deadline_;
  std::stop_callback<Stop> stop_;
};

Counters run(const ServerConfig& config, Listeners listeners, const std::stop_token& stop) {
  std::deque<Worker> workers;
  for (os::UniqueFd& listener : listeners) workers.emplace_back(config, std::move(listener), stop);
  run_workers(config, [&](std::size_t i) { workers[i].run(); });
  Counters sum;
  for (const Worker& worker : workers) sum += worker.counters();
  return sum;
}

constexpr std::array sharings{Sharing::per_thread};

}  // namespace

#if defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT)  // see asio_uring.cpp
extern const Backend asio_uring;
const Backend asio_uring {
  .name = "asio-uring", .model = "proactor over io_uring(7): Boost.Asio, callbacks",
#else
extern const Backend asio;
const Backend asio{
    .name = "asio",
    .model = "proactor over epoll(7): Boost.Asio, callbacks",
#endif
  .sharings = sharings, .probe = always_available, .run = run,
  .uncounted = "wakeups recv_calls send_calls would_block rearms",
};

}  // namespace duelio::backends
