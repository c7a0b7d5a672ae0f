#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "common/http/deadlines.h"
#include "common/http/request_parser.h"
#include "common/http/workspace.h"
#include "common/workload.h"

namespace duelio::http {

// What the driver has to do next.
enum class Want : std::uint8_t {
  read,        // receive into prepare(), then commit() or commit_eof()
  write,       // send output(), then consume()
  half_close,  // shutdown(SHUT_WR), then commit_half_close(): see below
  close,       // close the descriptor; final
};

// Where a connection keeps bytes between the driver's calls.
enum class Buffers : std::uint8_t {
  // prepare() and output() are the workspace's scratch, valid until another connection of the same
  // workspace is driven. For drivers that receive and send at once (readiness, blocking). What is
  // left over
  // is copied to memory that the connection owns only while it is needed.
  lent,
  // prepare() and output() are the connection's own and stay where they are while the kernel or a
  // library
  // may use them (completion). Costs receive_size bytes for each connection.
  owned,
  // As owned for output(); what arrives is handed to receive() in buffers of the driver's, so that
  // an idle
  // connection has none of its own. prepare() must not be called. For provided-buffer rings.
  provided,
};

// One HTTP/1.1 server connection without a descriptor (sans-IO): bytes in, bytes out, no system
// call and no clock. The driver performs what want() asks for and reports the result; anything else
// is a fault of the driver. Half-duplex: all complete requests that have arrived are answered into
// one output (up to the high-water mark Workspace::send_size), that is sent whole, and only then is
// more received. So a peer that never reads costs one receive buffer and one send buffer at most.
//
// After an answer that refuses a request the connection lingers: want() is half_close, then read,
// and what still arrives is discarded, so that a reset does not overtake the answer (RFC 9112
// section 9.6). At most Limits::body bytes are discarded: no more than a legal request may cost.
//
// Nothing here times out by itself: a driver that has deadlines asks for phase() and progress()
// after its calls, and calls expire() when the time is over (deadlines.h).
//
// Where memory that a connection needs is not to be had, it ends: want() is close. Nothing here
// throws.
//
// Invariant: want() == write <=> !output().empty().
class Connection {
 public:
  // The workspace must outlive the connection or be replaced by bind().
  Connection(Workspace& workspace, Buffers buffers);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() = default;

  // Another worker drives the connection from now on. Not between prepare() and commit(), nor
  // between output() and consume().
  void bind(Workspace& workspace) noexcept { workspace_ = &workspace; }

  Want want() const noexcept { return want_; }

  // Pre: want() == read. Room for the next receive, at least one byte.
  std::span<char> prepare();

  // n bytes of prepare() arrived; 0 < n <= prepare().size().
  Want commit(std::size_t n);

  // Pre: want() == read. Instead of prepare() and commit(): bytes that arrived in a buffer of the
  // driver's (a provided-buffer ring). They are not referred to after the call.
  Want receive(std::span<const char> bytes);

  // Pre: want() == read. The peer sends no more. All complete requests have been answered by then.
  Want commit_eof() noexcept { return want_ = Want::close; }

  // Bytes to send; empty unless want() == write.
  std::span<const char> output() const noexcept;

  // True when the next thing wanted after output() is a read, whatever has arrived so far: nothing
  // that was received waits to be answered.
  bool is_last_output() const noexcept;

  // Pre: want() == write. n bytes of output() were sent; 0 says that none could be, and that
  // output() must outlive the workspace's scratch.
  Want consume(std::size_t n);

  // Pre: want() == half_close. The driver has shut down its sending side.
  Want commit_half_close() noexcept;

  // The descriptor failed: final, whatever was wanted.
  Want abort() noexcept;

  // What is waited for. Its time begins when the phase or progress() has changed.
  Phase phase() const noexcept;
  std::uint32_t progress() const noexcept { return progress_; }

  // The phase has lasted too long. Where something of a request had arrived the answer is 408 (RFC
  // 9110 section 15.5.9), with all that follows a refusal; otherwise the connection closes. Pre:
  // nothing is being received into prepare(), or sent from output().
  Want expire();

  // Graceful stop: the next answer announces that it is the last, and the connection then closes.
  void begin_drain() noexcept { draining_ = true; }

  // True between requests: nothing of a next one has arrived and no answer is to be sent.
  bool is_idle() const noexcept;

  // Bytes of memory that the connection owns at the moment beside itself.
  std::size_t memory_in_use() const noexcept { return input_capacity_ + kept_capacity_; }

 private:
  struct Request {
    workload::Task task;
    Persistence persistence = Persistence::implied;
    bool head_only = false;
  };

  Want absorb(const char* data, std::size_t size);
  std::size_t process(const char* data, std::size_t size);
  void accept_head(bool body_has_begun);
  void answer(bool last);
  void append_answer(Status status, std::string_view content_type, std::uint64_t length);
  void append(std::string_view bytes) noexcept;
  void refuse(Status status);
  Want settle() noexcept;

  bool is_full() const noexcept;
  bool has_output() const noexcept { return output_size_ > 0 || stream_left_ > 0; }
  void drop_input() noexcept;
  // False when there is no memory.
  bool keep_input(const char* rest, std::size_t size);
  bool keep_output();
  bool reserve_input(std::size_t size);

  Workspace* workspace_;
  RequestParser parser_;
  Request request_;
  std::uint64_t body_left_ = 0;

  // Received bytes that are not used up yet: input_[0 .. input_size_).
  std::unique_ptr<char[]> input_;
  std::size_t input_size_ = 0;
  std::size_t input_capacity_ = 0;

  // Bytes to send: first output_, in the workspace or in kept_output_, then the rest of a pattern.
  const char* output_ = nullptr;
  std::size_t output_size_ = 0;
  std::unique_ptr<char[]> kept_output_;
  std::size_t kept_capacity_ = 0;
  std::uint64_t stream_offset_ = 0;
  std::uint64_t stream_left_ = 0;

  std::uint64_t discard_left_ = 0;
  std::uint32_t progress_ = 0;  // of a body, an output, and from one request to the next
  Buffers buffers_;
  Want want_ = Want::read;
  bool in_body_ = false;
  bool last_answer_ = false;  // close once the output is sent
  bool linger_ = false;       // by way of half_close
  bool discarding_ = false;
  bool draining_ = false;
};

}  // namespace duelio::http
