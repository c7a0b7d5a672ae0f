// Boost.Asio with C++20 coroutines, as its newer examples write it: a coroutine for each
// connection, which co_awaits async_read_some and async_write in one loop, and one that accepts.
// Below it is the same io_context as in asio.cpp: each thread has one, a listener (SO_REUSEPORT)
// and sessions of its own.
//
// System calls per keep-alive request: as in asio.cpp. The receive buffer belongs to the session;
// the coroutine's frame holds socket and connection and ends with them. What differs from callbacks
// is what keeps a session alive and where its state is kept between waits. With deadlines a session
// has a second coroutine, a watchdog with a steady_timer, as in Asio's examples.
#include <array>
#include <chrono>
#include <memory>

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

// What a session's watchdog knows of it.
struct Watched {
  Watched(tcp::socket& watched, const http::Deadlines& all)
      : timer(watched.get_executor()), socket(&watched), lengths(all) {}

  // Of what is about to be waited for.
  void set(const http::Connection& connection) {
    const http::Phase now_in = connection.phase();
    if (!has_begun || now_in != phase || connection.progress() != progress)
      due = std::chrono::steady_clock::now() + lengths.length(now_in);
    has_begun = true;
    phase = now_in;
    progress = connection.progress();
    if (timer.expiry() > due) timer.cancel();  // the watchdog looks again
  }

  void end() {
    socket = nullptr;
    timer.cancel();
  }

  net::steady_timer timer;
  tcp::socket* socket;  // null: the session is over
  const http::Deadlines& lengths;
  std::chrono::steady_clock::time_point due;
  std::uint32_t progress = 0;
  http::Phase phase = http::Phase::idle;
  bool has_begun = false;
};

net::awaitable<void> watch(std::shared_ptr<Watched> watched) {
  error_code error;
  auto until = watched->due;
  while (watched->socket != nullptr) {
    watched->timer.expires_at(until);
    co_await watched->timer.async_wait(net::redirect_error(net::use_awaitable, error));
    if (watched->socket == nullptr) break;
    until = watched->due;
    if (std::chrono::steady_clock::now() < until) continue;
    watched->socket->cancel(error);
    until = std::chrono::steady_clock::time_point::max();  // until it is set again
  }
}

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
    if (!shared.config.deadlines) return;
    watched = std::make_shared<Watched>(socket, *shared.config.deadlines);
    watched->set(connection);
    net::co_spawn(socket.get_executor(), watch(watched), net::detached);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    if (watched != nullptr) watched->end();
    shared.sessions.remove(*this);
    shared.leave();
  }

  int fd() { return socket.native_handle(); }

  tcp::socket socket;
  http::Connection connection;
  Shared& shared;
  std::shared_ptr<Watched> watched;
};

net::awaitable<void> serve(tcp::socket accepted, Shared& shared) {
  Session session(std::move(accepted), shared);
  http::Connection& connection = session.connection;
  error_code error;
  auto result = net::redirect_error(net::use_awaitable, error);
  while (true) {
    if (session.watched != nullptr) session.watched->set(connection);
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
    if (error == net::error::operation_aborted) {  // by the watchdog: nobody else does that
      connection.expire();
    } else if (error && error != net::error::eof) {
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
    // Of a Unix socket, too: Asio asks for the protocol where it makes sockets and addresses.
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
    if (!shared_.admit()) return;
    ++shared_.counters.accepts;
    net::co_spawn(context_, serve(std::move(socket), shared_), net::detached);
  }

  net::awaitable<void> wait_for_stop() {
    co_await stop_.async_wait(net::posix::stream_descriptor::wait_read, net::use_awaitable);
    refuse_arrivals(shared_.config, acceptor_.native_handle());
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

constexpr std::array uncounted{&Counters::wakeups, &Counters::recv_calls, &Counters::send_calls,
                               &Counters::would_block, &Counters::rearms};

}  // namespace

extern const Backend asio_coro;
const Backend asio_coro{
    .name = "asio-coro",
    .model = "proactor over epoll(7): Boost.Asio, C++20 coroutines",
    .sharings = own_listeners,
    .probe = always_available,
    .run = run_worker_per_listener<Worker>,
    .uncounted = uncounted,
    .options = asio_options::all,
};

}  // namespace duelio::backends
