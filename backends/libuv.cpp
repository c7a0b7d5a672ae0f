// libuv, as its documentation and Node.js use it: a loop for each thread, a uv_tcp_t for each
// session, callbacks. libuv waits (epoll(7), level-triggered), reads by itself (read(2)) into the
// buffer that an alloc callback lends, and calls back with what came. An answer is written at once
// (uv_try_write); only what the socket does not take is left to uv_write, and nothing is read
// meanwhile. Each thread has a listener (SO_REUSEPORT), which libuv adopts (uv_tcp_open), and
// sessions of its own. A Unix socket is a uv_pipe_t in place of the uv_tcp_t.
//
// System calls per keep-alive request: one read, one write, and a share of an epoll_wait. libuv
// fills the buffer as soon as it has asked for it, so it is the thread's scratch. A session is
// freed by its close callback. Out of descriptors libuv closes what waits, unseen by us; an
// epoll_ctl that fails ends the process. With deadlines a session has a uv_timer_t, which is
// started again where one begins. docs.libuv.org
#include <array>
#include <chrono>
#include <csignal>
#include <new>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <unistd.h>
#include <uv.h>

#include "backends/backend.h"
#include "backends/support/accept_errors.h"
#include "backends/support/list.h"
#include "backends/support/stop.h"
#include "backends/support/worker.h"
#include "backends/support/workers.h"
#include "common/http/connection.h"
#include "common/os/error.h"

namespace duelio::backends {
namespace {

void check(int result, const char* what) {
  if (result < 0) os::throw_errno(what, -result);
}

// Its handles must outlive it.
struct Loop {
  Loop() { check(uv_loop_init(&uv), "uv_loop_init"); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    uv_walk(
        &uv,
        [](uv_handle_t* handle, void*) {
          if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
        },
        nullptr);
    uv_run(&uv, UV_RUN_DEFAULT);
    uv_loop_close(&uv);
  }
  uv_loop_t uv{};
};

// What a listener or a session is, for their functions are those of a stream.
union Socket {
  uv_handle_t handle;
  uv_stream_t stream;
  uv_tcp_t tcp;
  uv_pipe_t pipe;  // of a Unix socket
};

class Worker;

struct Session : Linked<Session> {
  explicit Session(Worker& owner, http::Workspace& workspace)
      : connection(workspace, http::Buffers::lent), worker(owner) {
    socket.handle.data = this;
  }

  uv_stream_t* stream() { return &socket.stream; }
  int fd() const {
    uv_os_fd_t fd = -1;
    uv_fileno(&socket.handle, &fd);
    return fd;
  }

  http::Connection connection;
  Worker& worker;
  Socket socket{};
  uv_write_t write{};
  uv_shutdown_t shutdown{};
  uv_timer_t deadline{};
  std::uint32_t progress = 0;  // as the timer was started
  http::Phase phase = http::Phase::idle;
  bool reading = false;
  bool is_timed = false;  // the timer is a handle of the loop
  bool is_admitted = true;
  int open_handles = 1;
};

class Worker {
 public:
  Worker(const ServerConfig& config, os::UniqueFd listener, const StopEvent& stop)
      : context_(config) {
    std::signal(SIGPIPE, SIG_IGN);  // libuv leaves it to its users
    check(init(listener_), "initialise a stream");
    listener_.handle.data = stop_.data = this;
    check(is_pipe() ? uv_pipe_open(&listener_.pipe, listener.get())
                    : uv_tcp_open(&listener_.tcp, listener.get()),
          "adopt the listener");
    listener.release();
    // It calls listen(2) again.
    check(uv_listen(&listener_.stream, config.backlog, on_connection), "uv_listen");
    check(uv_poll_init(&loop_.uv, &stop_, stop.fd()), "uv_poll_init");
    check(uv_poll_start(&stop_, UV_READABLE,
                        [](uv_poll_t* poll, int, int) {
                          uv_poll_stop(poll);  // it stays ready
                          uv_stop(poll->loop);
                        }),
          "uv_poll_start");
    check(uv_timer_init(&loop_.uv, &tick_), "uv_timer_init");
    check(uv_timer_init(&loop_.uv, &retry_), "uv_timer_init");
    retry_.data = this;
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    sessions_.for_each([this](Session& session) { close(session); });
  }

  void run() {
    uv_run(&loop_.uv, UV_RUN_DEFAULT);
    uv_timer_start(&tick_, on_tick, stop_interval_ms, stop_interval_ms);
    const auto serve = [this] { uv_run(&loop_.uv, UV_RUN_ONCE); };
    uv_os_fd_t listener = -1;
    uv_fileno(&listener_.handle, &listener);
    settle(context_.config, listener, serve);
    uv_run(&loop_.uv, UV_RUN_NOWAIT);  // accepts what waits
    uv_close(&listener_.handle, nullptr);
    drain(context_, sessions_, serve);
  }

  Counters counted() const noexcept { return context_.counted(); }

 private:
  bool is_pipe() const noexcept { return context_.config.socket_file != nullptr; }

  int init(Socket& socket) {
    constexpr int passes_descriptors = 0;
    return is_pipe() ? uv_pipe_init(&loop_.uv, &socket.pipe, passes_descriptors)
                     : uv_tcp_init(&loop_.uv, &socket.tcp);
  }

  static Session& session_of(const void* data) {
    return *static_cast<Session*>(const_cast<void*>(data));
  }

  static void on_connection(uv_stream_t* listener, int status) {
    static_cast<Worker*>(listener->data)->accept(status);
  }

  static void on_tick(uv_timer_t* /*timer*/) {}  // it only ends a wait

  void accept(int status) {
    if (status < 0) {
      if (must_pause(-status, context_.counters)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
      return;
    }
    auto* const session = new (std::nothrow) Session(*this, context_.workspace);
    if (session == nullptr) {  // it waits, and the listener with it, until there is memory
      uv_timer_start(
          &retry_, [](uv_timer_t* timer) { static_cast<Worker*>(timer->data)->accept(0); }, 10, 0);
      return;
    }
    init(session->socket);
    if (context_.config.deadlines) {
      uv_timer_init(&loop_.uv, &session->deadline);
      session->deadline.data = session;
      session->is_timed = true;
      ++session->open_handles;
    }
    sessions_.insert(*session);
    const int error = -uv_accept(&listener_.stream, session->stream());
    if (error != 0) {
      context_.counters.count_error(error);
      session->is_admitted = false;
      return close(*session);
    }
    session->is_admitted = context_.admit();
    if (!session->is_admitted) return close(*session);
    ++context_.counters.accepts;
    drive(*session);
  }

  void drive(Session& session) {
    act(session);
    if (session.connection.want() == http::Want::close) return close(session);
    if (session.is_timed) set_deadline(session);
  }

  void act(Session& session) {
    while (true) {
      switch (session.connection.want()) {
        case http::Want::read:
          return start_reading(session);
        case http::Want::write:
          if (!try_write(session)) return;
          break;
        case http::Want::half_close:
          stop_reading(session);
          if (uv_shutdown(&session.shutdown, session.stream(), on_shutdown) == 0) return;
          session.connection.commit_half_close();
          break;
        case http::Want::close:
          return;
      }
    }
  }

  void set_deadline(Session& session) {
    const http::Phase phase = session.connection.phase();
    const std::uint32_t progress = session.connection.progress();
    const bool is_active = uv_is_active(reinterpret_cast<uv_handle_t*>(&session.deadline)) != 0;
    if (is_active && phase == session.phase && progress == session.progress) return;
    session.phase = phase;
    session.progress = progress;
    const auto length =
        static_cast<std::uint64_t>(context_.config.deadlines->length(phase).count());
    uv_timer_start(
        &session.deadline,
        [](uv_timer_t* timer) {
          Session& late = session_of(timer->data);
          late.connection.expire();
          late.worker.drive(late);
        },
        length, 0);
  }

  void start_reading(Session& session) {
    if (session.reading) return;
    session.reading = true;
    uv_read_start(
        session.stream(),
        [](uv_handle_t* handle, std::size_t, uv_buf_t* room) {
          const std::span<char> bytes = session_of(handle->data).connection.prepare();
          *room = uv_buf_init(bytes.data(), static_cast<unsigned>(bytes.size()));
        },
        [](uv_stream_t* stream, ssize_t n, const uv_buf_t*) {
          Session& reader = session_of(stream->data);
          reader.worker.on_read(reader, n);
        });
  }

  void stop_reading(Session& session) {
    if (session.reading) uv_read_stop(session.stream());
    session.reading = false;
  }

  void on_read(Session& session, ssize_t n) {
    ++context_.counters.events;
    if (n == 0) return;  // EAGAIN
    if (n > 0) {
      context_.counters.bytes_in += static_cast<std::size_t>(n);
      session.connection.commit(static_cast<std::size_t>(n));
    } else if (n == UV_EOF) {
      session.connection.commit_eof();
    } else {
      fail(session, static_cast<int>(-n));
    }
    drive(session);
  }

  // False when the rest is left to uv_write.
  bool try_write(Session& session) {
    const uv_buf_t bytes = output(session);
    const int n = uv_try_write(session.stream(), &bytes, 1);
    if (n < 0 && n != UV_EAGAIN) {
      fail(session, -n);
      return true;
    }
    const std::size_t sent = n > 0 ? static_cast<std::size_t>(n) : 0;
    context_.counters.bytes_out += sent;
    session.connection.consume(sent);
    if (sent == bytes.len || session.connection.want() != http::Want::write) return true;
    stop_reading(session);
    const uv_buf_t rest = output(session);
    const int error = -uv_write(&session.write, session.stream(), &rest, 1, on_write);
    if (error != 0) fail(session, error);
    return error != 0;
  }

  static uv_buf_t output(const Session& session) {
    const std::span<const char> bytes = session.connection.output();
    return uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
  }

  static void on_write(uv_write_t* request, int status) {
    Session& session = session_of(request->handle->data);
    Worker& worker = session.worker;
    ++worker.context_.counters.events;
    if (status == UV_ECANCELED) return;  // it is closed
    if (status < 0) {
      worker.fail(session, -status);
    } else {
      const std::size_t n = session.connection.output().size();
      worker.context_.counters.bytes_out += n;
      session.connection.consume(n);
    }
    worker.drive(session);
  }

  static void on_shutdown(uv_shutdown_t* request, int status) {
    Session& session = session_of(request->handle->data);
    if (status == UV_ECANCELED) return;
    session.connection.commit_half_close();
    session.worker.drive(session);
  }

  void fail(Session& session, int error) {
    context_.counters.count_error(error);
    session.connection.abort();
  }

  void close(Session& session) {
    sessions_.remove(session);
    if (session.is_admitted) context_.leave();
    const auto close_one = [](auto& handle) {
      uv_close(reinterpret_cast<uv_handle_t*>(&handle), [](uv_handle_t* closed) {
        Session& its = session_of(closed->data);
        if (--its.open_handles == 0) delete &its;
      });
    };
    close_one(session.socket.handle);
    if (session.is_timed) close_one(session.deadline);
  }

  WorkerContext context_;
  List<Session> sessions_;
  Socket listener_{};
  uv_poll_t stop_{};
  uv_timer_t tick_{};   // while it stops
  uv_timer_t retry_{};  // while a connection waits for memory
  Loop loop_;
};

// libuv never closes a descriptor below 3, so no session may have one. As in Node.js, streams that
// were closed before the start are held open; read-only, for nothing may be written to them.
Counters run(const ServerConfig& config, Listeners listeners, const StopEvent& stop) {
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  return run_worker_per_listener<Worker>(config, std::move(listeners), stop);
}

Support probe() {
  return {.features = std::string("libuv ") + uv_version_string()};
}

constexpr std::array uncounted{&Counters::wakeups,    &Counters::recv_calls,
                               &Counters::send_calls, &Counters::would_block,
                               &Counters::rearms,     &Counters::accept_refused};

}  // namespace

extern const Backend libuv;
const Backend libuv{
    .name = "libuv",
    .model = "event loop over epoll(7): libuv, callbacks",
    .sharings = own_listeners,
    .probe = probe,
    .run = run,
    .uncounted = uncounted,
};

}  // namespace duelio::backends
