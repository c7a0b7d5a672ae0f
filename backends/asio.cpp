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
// events are handlers called. With deadlines a session has a steady_timer, which cancels what is
// under way; as in Asio's examples it is set again only when it was too early, or is too late.
#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <thread>

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
#if defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT)
#include "backends/support/ring.h"
#endif

namespace duelio::backends {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

// An io_context that one thread runs: nothing is locked, and handlers need no strand.
struct OneThread {
  struct Mutex {
    void lock() noexcept {}
    void unlock() noexcept {}
  };
  static net::any_io_executor one_by_one(net::io_context& context) {
    return context.get_executor();
  }
  WorkerContext* worker = nullptr;
};

// One that several threads run; which of them runs a handler is known in that thread.
struct ManyThreads {
  using Mutex = std::mutex;
  static net::any_io_executor one_by_one(net::io_context& context) {
    return net::make_strand(context);
  }
  static inline thread_local WorkerContext* worker = nullptr;
};

template <class Loop>
class Session : public std::enable_shared_from_this<Session<Loop>>, public Linked<Session<Loop>> {
 public:
  Session(tcp::socket socket, Loop& loop)
      : connection(loop.worker->workspace, http::Buffers::owned),
        socket_(std::move(socket)),
        loop_(loop) {
    if (loop_.deadlines()) timer_.emplace(socket_.get_executor());
    loop_.enter(*this);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { loop_.leave(*this); }

  void start() {
    net::dispatch(socket_.get_executor(), [self = this->shared_from_this()] {
      self->connection.bind(self->loop_.worker->workspace);
      self->step();
    });
  }

  int fd() { return socket_.native_handle(); }

  http::Connection connection;

 private:
  void step() {
    while (true) {
      switch (connection.want()) {
        case http::Want::read:
          return read();
        case http::Want::write:
          return write();
        case http::Want::half_close: {
          error_code ignored;
          socket_.shutdown(tcp::socket::shutdown_send, ignored);
          connection.commit_half_close();
          break;
        }
        case http::Want::close:
          return;  // the last handler lets go of the session
      }
    }
  }

  void read() {
    set_deadline();
    const std::span<char> room = connection.prepare();
    socket_.async_read_some(net::buffer(room.data(), room.size()),
                            [self = this->shared_from_this()](error_code error, std::size_t n) {
                              self->on_read(error, n);
                            });
  }

  void on_read(error_code error, std::size_t n) {
    WorkerContext& worker = count();
    worker.counters.bytes_in += n;
    if (!error) {
      connection.commit(n);
    } else if (error == net::error::eof) {
      connection.commit_eof();
    } else if (error == net::error::operation_aborted) {  // by the timer: nobody else does that
      connection.expire();
    } else {
      return worker.counters.count_error(error.value());
    }
    step();
  }

  void write() {
    set_deadline();
    const std::span<const char> bytes = connection.output();
    net::async_write(socket_, net::buffer(bytes.data(), bytes.size()),
                     [self = this->shared_from_this()](error_code error, std::size_t n) {
                       self->on_write(error, n);
                     });
  }

  void on_write(error_code error, std::size_t n) {
    WorkerContext& worker = count();
    worker.counters.bytes_out += n;
    if (!error) {
      connection.consume(n);
    } else if (error == net::error::operation_aborted) {
      connection.expire();
    } else {
      return worker.counters.count_error(error.value());
    }
    step();
  }

  // Of what is about to be waited for. A timer that is due before that only looks again.
  void set_deadline() {
    if (!timer_) return;
    const http::Phase phase = connection.phase();
    const std::uint32_t progress = connection.progress();
    if (!has_begun_ || phase != phase_ || progress != progress_)
      due_ = std::chrono::steady_clock::now() + loop_.deadlines()->length(phase);
    has_begun_ = true;
    phase_ = phase;
    progress_ = progress;
    if (!is_waiting_ || due_ < wakes_at_) wait_for_timer();
  }

  void wait_for_timer() {
    wakes_at_ = due_;
    timer_->expires_at(due_);
    timer_->async_wait([weak = this->weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (self != nullptr && error != net::error::operation_aborted) self->on_timer(error);
    });
    is_waiting_ = true;
  }

  void on_timer(error_code failed) {
    is_waiting_ = false;
    if (!failed && std::chrono::steady_clock::now() < due_) return wait_for_timer();
    error_code ignored;
    socket_.cancel(ignored);
  }

  // Of the thread that runs the handler; it drives the connection now.
  WorkerContext& count() {
    WorkerContext& worker = *loop_.worker;
    ++worker.counters.events;
    connection.bind(worker.workspace);
    return worker;
  }

  tcp::socket socket_;
  Loop& loop_;
  std::optional<net::steady_timer> timer_;
  std::chrono::steady_clock::time_point due_;
  std::chrono::steady_clock::time_point wakes_at_;  // the timer, while it waits
  std::uint32_t progress_ = 0;
  http::Phase phase_ = http::Phase::idle;
  bool has_begun_ = false;
  bool is_waiting_ = false;
};

// An io_context with its listener.
template <class Threads>
class Loop : public Threads {
 public:
  Loop(const ServerConfig& config, unsigned threads, os::UniqueFd listener, const StopEvent& stop)
      : threads_(threads),
        config_(config),
        settle_time_(settle_time(config)),
        context_(asio_options::concurrency_hint(config, threads)),
        executor_(Threads::one_by_one(context_)),
        acceptor_(executor_),
        pause_(executor_),
        stop_(executor_, stop.duplicate().release()) {
    // Asio asks for the protocol where it makes sockets and addresses, which it never does here: a
    // Unix socket is a stream as another.
    const bool v6 = os::local_address(listener.get()).family() == AF_INET6;
    acceptor_.assign(v6 ? tcp::v6() : tcp::v4(), listener.release());
    acceptor_.non_blocking(true);
    accept();
    stop_.async_wait(net::posix::stream_descriptor::wait_read, [this](error_code) {
      refuse_arrivals(config_, acceptor_.native_handle());
      pause_.expires_after(settle_time_);
      pause_.async_wait([this](error_code) {  // sooner where accepting needs the timer
        stopping_ = true;
        acceptor_.cancel();
      });
    });
  }

  // In each of its threads. The last to leave finishes what was received.
  void run(WorkerContext& mine) {
    Threads::worker = &mine;
    until_it_returns([this] { context_.run(); });
    if (--threads_ > 0) return;
    drain(mine, sessions_, [this] {
      context_.restart();
      until_it_returns([this] { context_.run_for(std::chrono::milliseconds(stop_interval_ms)); });
    });
  }

  void enter(Session<Loop>& session) {
    const std::lock_guard lock(mutex_);
    sessions_.insert(session);
  }

  void leave(Session<Loop>& session) {
    const std::lock_guard lock(mutex_);
    sessions_.remove(session);
    if (config_.connections != nullptr) config_.connections->leave();
  }

  const std::optional<http::Deadlines>& deadlines() const noexcept { return config_.deadlines; }

 private:
  // An operation that finds no memory throws out of the run, and its handler is gone with the
  // session that it kept alive. Another run may follow at once (asio.hpp, "Effect of exceptions
  // thrown from handlers"). If it was the accept's, there has to be another.
  template <class Run>
  void until_it_returns(Run run) {
    while (true) {
      try {
        if (accepts_.use_count() == 1 && acceptor_.is_open()) {
          net::dispatch(executor_,
                        [this, held = accepts_] { stopping_ ? accept_the_last() : accept(); });
        }
        return run();
      } catch (const std::bad_alloc&) {
        if (accepts_.use_count() == 1) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
  }

  void accept() {
    acceptor_.async_accept(
        Threads::one_by_one(context_),
        [this, held = accepts_](error_code error, tcp::socket socket) {
          if (!error) open(std::move(socket));  // also one that was accepted as the stop came
          if (stopping_) return accept_the_last();
          if (!error || !must_pause(error.value(), this->worker->counters)) return accept();
          pause_.expires_after(std::chrono::milliseconds(10));
          pause_.async_wait([this, held](error_code) { stopping_ ? accept_the_last() : accept(); });
        });
  }

  void open(tcp::socket socket) {
    if (!this->worker->admit()) return;
    ++this->worker->counters.accepts;
    std::shared_ptr<Session<Loop>> session;
    try {
      session = std::make_shared<Session<Loop>>(std::move(socket), *this);
    } catch (const std::bad_alloc&) {
      ++this->worker->counters.accept_refused;
      return this->worker->leave();
    }
    session->start();
  }

  void accept_the_last() {
    while (true) {
      error_code error;
      tcp::socket socket = acceptor_.accept(Threads::one_by_one(context_), error);
      if (error) break;
      open(std::move(socket));
    }
    acceptor_.close();
    context_.stop();
  }

  std::atomic<unsigned> threads_;
  const ServerConfig& config_;
  std::chrono::milliseconds settle_time_;
  typename Threads::Mutex mutex_;
  List<Session<Loop>> sessions_;  // outlives the handlers that the context still holds
  net::io_context context_;
  net::any_io_executor executor_;  // of accepting and stopping
  tcp::acceptor acceptor_;
  // Held by whatever waits to accept: an operation, its handler, or the timer.
  std::shared_ptr<void> accepts_ = std::make_shared<int>();
  // The only timer of a context that is run over io_uring: asio_options::no_deadlines.
  net::steady_timer pause_;
  net::posix::stream_descriptor stop_;
  bool stopping_ = false;
};

template <class Threads>
Counters run_loops(const ServerConfig& config, Listeners listeners, const StopEvent& stop) {
  std::deque<WorkerContext> workers;
  for (unsigned i = 0; i < config.threads; ++i) workers.emplace_back(config);
  std::deque<Loop<Threads>> loops;
  const auto threads_each = static_cast<unsigned>(config.threads / listeners.size());
  for (os::UniqueFd& listener : listeners) {
    loops.emplace_back(config, threads_each, std::move(listener), stop);
  }
  try {
    run_workers(config, stop, [&](std::size_t i) { loops[i % loops.size()].run(workers[i]); });
  } catch (...) {
    // Asio's io_uring service does not bear to be destroyed with an accept that is under way.
    for (Loop<Threads>& loop : loops) loop.run(workers.front());
    throw;
  }
  return added_up(config, workers);
}

Counters run(const ServerConfig& config, Listeners listeners, const StopEvent& stop) {
  const bool shared = config.sharing == Sharing::shared && config.threads > 1;
  const auto run_them = shared ? run_loops<ManyThreads> : run_loops<OneThread>;
  return run_them(config, std::move(listeners), stop);
}

constexpr std::array sharings{Sharing::per_thread, Sharing::shared, Sharing::steered};
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
    .options = asio_options::all,
    .no_deadlines = asio_options::no_deadlines,
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
    .options = asio_options::all,
};
#endif

}  // namespace duelio::backends
