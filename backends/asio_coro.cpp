// Boost.Asio with C++20 coroutines, as its newer examples write it: a coroutine for each
// connection, which co_awaits async_read_some and async_write in one loop, and one that accepts.
// Below it is the same io_context as in asio.cpp: each thread has one, a listener (SO_REUSEPORT)
// and sessions of its own.
//
// System calls per keep-alive request: as in asio.cpp. The receive buffer belongs to the session;
// the coroutine's frame holds socket and connection and ends with them. What differs from callbacks
// is what keeps a session alive and where its state is kept between waits.
#include <array>
#include <chrono>

#include <boost/asio.hpp>

#include "backends/backend.h"
#include "backends/support/accept_errors.h"
#include "backends/support/arrivals.h"
#include "backends/support/asio_hint.h"
#include "backends/support/list.h"
#include "backends/support/stop.h"
#include "backends/support/worker.h"
#include "backends/support/workers.h"
#include "common/http/connection.h"
#include "common/os/address.h"

namespace duelio::backends {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

struct Session;

// What the sessions of a thread share.
struct Shared : WorkerContext {
  using WorkerContext::WorkerContext;
  List<Session> sessions;
};

struct Session : Linked<Session> {
  Session(tcp::socket accepted, Shared& owner)
      : socket(std::move(accepted)),
        connection(owner.workspace, http::Buffers::owned),
        shared(owner) {
    shared.sessions.insert(*this);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { shared.sessions.remove(*this); }

  int fd() { return socket.native_handle(); }

  tcp::socket socket;
  http::Connection connection;
  Shared& shared;
};

net::awaitable<void> serve(tcp::socket accepted, Shared& shared) {
  Session session(std::move(accepted), shared);
  http::Connection& connection = session.connection;
  error_code error;
  auto result = net::redirect_error(net::use_awaitable, error);
  while (true) {
    switch (connection.want()) {
      case http::Want::read: {
        const std::span<char> room = connection.prepare();
        const std::size_t n =
            co_await session.socket.async_read_some(net::buffer(room.data(), room.size()), result);
        ++shared.counters.events;
        shared.counters.bytes_in += n;
        if (!error) {
          connection.commit(n);
        } else if (error == net::error::eof) {
          connection.commit_eof();
        }
        break;
      }
      case http::Want::write: {
        const std::span<const char> bytes = connection.output();
        const std::size_t n = co_await net::async_write(
            session.socket, net::buffer(bytes.data(), bytes.size()), result);
        ++shared.counters.events;
        shared.counters.bytes_out += n;
        if (!error) connection.consume(n);
        break;
      }
      case http::Want::half_close: {
        error_code ignored;
        session.socket.shutdown(tcp::socket::shutdown_send, ignored);
        connection.commit_half_close();
        break;
      }
      case http::Want::close:
        co_return;
    }
    if (error && error != net::error::eof) {
      shared.counters.count_error(error.value());
      co_return;
    }
  }
}

class Worker {
 public:
  Worker(const ServerConfig& config, os::UniqueFd listener, const StopEvent& stop)
      : shared_(config),
        context_(asio_options::concurrency_hint(config, 1)),
        acceptor_(context_),
        pause_(context_),
        stop_(context_, stop.duplicate().release()) {
    const bool v6 = os::local_address(listener.get()).family() == AF_INET6;
    acceptor_.assign(v6 ? tcp::v6() : tcp::v4(), listener.release());
    acceptor_.non_blocking(true);
    net::co_spawn(context_, accept(), net::detached);
    net::co_spawn(context_, wait_for_stop(), net::detached);
  }

  void run() {
    context_.run();
    drain(shared_, shared_.sessions, [this] {
      context_.restart();
      context_.run_for(std::chrono::milliseconds(stop_interval_ms));
    });
  }

  Counters counted() const noexcept { return shared_.counted(); }

 private:
  net::awaitable<void> accept() {
    error_code error;
    auto result = net::redirect_error(net::use_awaitable, error);
    while (!stopping_) {
      tcp::socket socket = co_await acceptor_.async_accept(result);
      if (!error) {
        open(std::move(socket));  // also one that was accepted as the stop came
      } else if (!stopping_ && must_pause(error.value(), shared_.counters)) {
        pause_.expires_after(std::chrono::milliseconds(10));
        co_await pause_.async_wait(result);
      }
    }
    while (true) {
      tcp::socket socket = acceptor_.accept(error);
      if (error) break;
      open(std::move(socket));
    }
    acceptor_.close();
    context_.stop();
  }

  void open(tcp::socket socket) {
    ++shared_.counters.accepts;
    net::co_spawn(context_, serve(std::move(socket), shared_), net::detached);
  }

  net::awaitable<void> wait_for_stop() {
    co_await stop_.async_wait(net::posix::stream_descriptor::wait_read, net::use_awaitable);
    refuse_arrivals(acceptor_.native_handle());
    error_code ignored;  // sooner where accepting needs the timer
    pause_.expires_after(settle_time(shared_.config));
    co_await pause_.async_wait(net::redirect_error(net::use_awaitable, ignored));
    stopping_ = true;
    acceptor_.cancel();
    pause_.cancel();
  }

  Shared shared_;
  net::io_context context_;
  tcp::acceptor acceptor_;
  net::steady_timer pause_;
  net::posix::stream_descriptor stop_;
  bool stopping_ = false;
};

constexpr std::array sharings{Sharing::per_thread};
constexpr std::array uncounted{&Counters::wakeups, &Counters::recv_calls, &Counters::send_calls,
                               &Counters::would_block, &Counters::rearms};

}  // namespace

extern const Backend asio_coro;
const Backend asio_coro{
    .name = "asio-coro",
    .model = "proactor over epoll(7): Boost.Asio, C++20 coroutines",
    .sharings = sharings,
    .probe = always_available,
    .run = run_worker_per_listener<Worker>,
    .uncounted = uncounted,
    .options = asio_options::all,
};

}  // namespace duelio::backends
