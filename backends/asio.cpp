// Boost.Asio with callbacks, as its tutorial and examples use it: a session keeps itself alive by
// the handlers it is bound to, reads with async_read_some and answers with async_write. Asio waits
// (epoll(7), edge-triggered) and calls back. Each thread has an io_context, a listener
// (SO_REUSEPORT) and sessions of its own; with --sharing shared all threads run one io_context, and
// a session's handlers go through a strand.
//
// System calls per keep-alive request: two recv where requests come singly (Asio tries at once,
// finds EAGAIN, waits, tries again) and one where the next is there already, one send, and a share
// of an epoll_wait. The receive buffer belongs to the session: Asio may fill it at any time until
// the handler is called. Asio does not show its waits and system calls, so they are not counted;
// events are handlers called.
#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include <boost/asio.hpp>

#include "backends/backend.h"
#include "backends/support/accept_errors.h"
#include "backends/support/worker.h"
#include "backends/support/workers.h"
#include "common/http/connection.h"
#include "common/os/address.h"
#if defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT)
#include "backends/support/ring.h"
#endif

namespace duelio::backends {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

class Session;

thread_local WorkerContext* worker = nullptr;  // of the running thread

// The sessions of an io_context.
struct Register {
  std::mutex mutex;  // taken when one opens or closes
  std::unordered_set<Session*> sessions;
  std::atomic<bool> draining{false};
  std::function<void()> when_empty;  // while draining

  void leave(Session* session) {
    const std::lock_guard lock(mutex);
    sessions.erase(session);
    if (sessions.empty() && when_empty) when_empty();
  }
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Register& all)
      : socket_(std::move(socket)),
        register_(all),
        connection_(worker->workspace, http::Buffers::owned) {
    const std::lock_guard lock(register_.mutex);
    register_.sessions.insert(this);
    if (register_.draining) connection_.begin_drain();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { register_.leave(this); }

  net::any_io_executor executor() { return socket_.get_executor(); }

  void step() {
    connection_.bind(worker->workspace);
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

  // Graceful stop: an idle session ends, but a request that is already here, in the socket or with
  // Asio, is still answered.
  void begin_drain() {
    draining_ = true;
    connection_.begin_drain();
    // Behind the handlers that are ready now.
    net::post(socket_.get_executor(), [self = shared_from_this()] { self->end_if_idle(); });
  }

 private:
  // The read that waits, or the next one, gets the end of the stream; or what has arrived.
  void end_if_idle() {
    error_code ignored;
    if (connection_.is_idle() && socket_.available(ignored) == 0)
      socket_.shutdown(tcp::socket::shutdown_receive, ignored);
  }

  void read() {
    if (draining_) end_if_idle();
    const std::span<char> room = connection_.prepare();
    socket_.async_read_some(
        net::buffer(room.data(), room.size()),
        [self = shared_from_this()](error_code error, std::size_t n) { self->on_read(error, n); });
  }

  void on_read(error_code error, std::size_t n) {
    ++worker->counters.events;
    worker->counters.bytes_in += n;
    connection_.bind(worker->workspace);
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
    ++worker->counters.events;
    worker->counters.bytes_out += n;
    connection_.bind(worker->workspace);
    if (error) return fail(error);
    connection_.consume(n);
    step();
  }

  void fail(error_code error) {
    if (error != net::error::operation_aborted) worker->counters.count_error(error.value());
  }

  tcp::socket socket_;
  Register& register_;
  http::Connection connection_;
  bool draining_ = false;
};

// An io_context with its listener.
class Loop {
 public:
  Loop(const ServerConfig& config, os::UniqueFd listener, const StopEvent& stop, bool many_threads)
      : config_(config),
        context_(many_threads ? BOOST_ASIO_CONCURRENCY_HINT_DEFAULT : 1),
        many_threads_(many_threads),
        strand_(net::make_strand(context_)),
        acceptor_(strand_),
        pause_(strand_),
        deadline_(strand_),
        stop_(strand_, stop.duplicate().release()) {
    const bool v6 = os::local_address(listener.get()).family() == AF_INET6;
    acceptor_.assign(v6 ? tcp::v6() : tcp::v4(), listener.release());
    acceptor_.non_blocking(true);
    accept();
    stop_.async_wait(net::posix::stream_descriptor::wait_read, [this](error_code error) {
      if (!error) drain();
    });
  }

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() { register_.when_empty = nullptr; }  // sessions that the deadline left behind end now

  void run(WorkerContext& mine) {
    worker = &mine;
    context_.run();
  }

 private:
  net::any_io_executor executor_for_session() {
    if (many_threads_) return net::make_strand(context_);
    return context_.get_executor();
  }

  void accept() {
    acceptor_.async_accept(executor_for_session(), [this](error_code error, tcp::socket socket) {
      if (!error) open(std::move(socket));  // also one that was accepted as the stop came
      if (!acceptor_.is_open()) return;
      if (!error || !must_pause(error.value(), worker->counters)) return accept();
      pause_.expires_after(std::chrono::milliseconds(10));
      pause_.async_wait([this](error_code stopped) {
        if (!stopped) accept();
      });
    });
  }

  void open(tcp::socket socket) {
    ++worker->counters.accepts;
    const auto session = std::make_shared<Session>(std::move(socket), register_);
    net::dispatch(session->executor(), [session, &all = register_] {
      session->step();
      if (all.draining) session->begin_drain();
    });
  }

  void drain() {
    {
      const std::lock_guard lock(register_.mutex);
      register_.draining = true;
    }
    error_code error;
    while (true) {
      tcp::socket socket = acceptor_.accept(executor_for_session(), error);
      if (error) break;
      open(std::move(socket));
    }
    acceptor_.close(error);
    pause_.cancel();
    std::vector<std::shared_ptr<Session>> sessions;
    {
      const std::lock_guard lock(register_.mutex);
      for (Session* session : register_.sessions) {
        // None of one whose last handler has just ended: it is on its way out.
        if (auto alive = session->weak_from_this().lock()) sessions.push_back(std::move(alive));
      }
    }
    for (const auto& session : sessions) {
      net::dispatch(session->executor(), [session] { session->begin_drain(); });
    }
    // The context runs out of work when the last session ends; if one does not, it is stopped. A
    // timer that is set while another waits can be lost by Asio's io_uring service until its five
    // minutes are over (chriskohlhoff/asio issue 1530), so that nothing else here hangs on timers.
    deadline_.expires_after(config_.drain_limit);
    deadline_.async_wait([this](error_code stopped) {
      if (stopped) return;
      {
        const std::lock_guard lock(register_.mutex);
        worker->counters.drain_cut += register_.sessions.size();
      }
      context_.stop();
    });
    // A session whose accept came with the stop may open after the last of the others has ended.
    const auto give_up_deadline = [this] {
      net::post(strand_, [this] {
        const std::lock_guard lock(register_.mutex);
        if (register_.sessions.empty()) deadline_.cancel();
      });
    };
    const std::lock_guard lock(register_.mutex);
    register_.when_empty = give_up_deadline;
    if (register_.sessions.empty()) give_up_deadline();
  }

  const ServerConfig& config_;
  Register register_;  // outlives the handlers that the context still holds
  net::io_context context_;
  bool many_threads_;
  net::strand<net::io_context::executor_type> strand_;  // of accepting and stopping
  tcp::acceptor acceptor_;
  net::steady_timer pause_;
  net::steady_timer deadline_;
  net::posix::stream_descriptor stop_;
};

Counters run(const ServerConfig& config, Listeners listeners, const StopEvent& stop) {
  const bool shared = config.sharing == Sharing::shared && config.threads > 1;
  std::deque<WorkerContext> workers;
  for (unsigned i = 0; i < config.threads; ++i) workers.emplace_back(config);
  worker = &workers.front();
  std::deque<Loop> loops;
  for (os::UniqueFd& listener : listeners) {
    loops.emplace_back(config, std::move(listener), stop, shared);
  }
  try {
    run_workers(config, stop, [&](std::size_t i) { loops[i % loops.size()].run(workers[i]); });
  } catch (...) {
    // Asio's io_uring service does not bear to be destroyed with an accept that is under way.
    for (Loop& loop : loops) loop.run(workers.front());
    throw;
  }
  worker = &workers.front();
  loops.clear();  // sessions that the deadline left behind
  Counters sum;
  for (const WorkerContext& each : workers) sum += each.counted();
  return sum;
}

constexpr std::array sharings{Sharing::per_thread, Sharing::shared};
constexpr std::array uncounted{&Counters::wakeups, &Counters::recv_calls, &Counters::send_calls,
                               &Counters::would_block, &Counters::rearms};

}  // namespace

#if defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT)  // see asio_uring.cpp
extern const Backend asio_uring;
const Backend asio_uring{
    .name = "asio-uring",
    .model = "proactor over io_uring(7): Boost.Asio, callbacks",
    .sharings = sharings,
    .probe = probe_asio_ring,
    .run = run,
    .uncounted = uncounted,
};
#else
extern const Backend asio;
const Backend asio{
    .name = "asio",
    .model = "proactor over epoll(7): Boost.Asio, callbacks",
    .sharings = sharings,
    .probe = always_available,
    .run = run,
    .uncounted = uncounted,
};
#endif

}  // namespace duelio::backends
