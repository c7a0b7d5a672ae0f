#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// What a server's CPU time goes to, told from a sampled stack. The table of causes.cpp is the one
// place that knows names of functions.
namespace duelio::results {

// A fixed, small set that readers know.
enum class Work : std::uint8_t {
  entering,     // a system call's entry and exit, its checks, the look-up of its descriptor
  tcp_send,     // down to the device
  tcp_receive,  // from the socket's queue
  connections,  // accepting, opening, closing
  delivery,     // loopback runs the receiver's side of TCP in the sender's context
  wake_up,      // of who waits for the data: mostly the peer
  copying,      // between user and kernel
  readiness,    // epoll's and poll's lists: arming, waiting, collecting
  io_uring,     // its rings and requests
  scheduling,   // giving up the CPU, and getting it back
  interrupts,   // and page faults, whoever is interrupted
  model,        // user mode: the I/O model's own code, or all of a foreign server's
  library,      // the library that the model is written with
  c_library,    // and that of C++, and the kernel's vDSO
  core,         // what all models share: parser, connection, responses
  unplaced,     // the table does not know it
};

std::string_view to_string(Work work) noexcept;

// Of one sample. In user mode, and in the kernel outside of system calls, `call` is empty.
struct Cause {
  std::string_view call;  // as the kernel names it: "recvfrom"
  Work work = Work::unplaced;

  bool operator==(const Cause&) const = default;
};

// What is known of one frame, "kernel`tcp_sendmsg" or "libc.so.6`__send".
struct Place {
  bool in_kernel = false;
  bool is_own = false;         // of the program itself: not of a library, and not unknown
  std::optional<Work> work{};  // none: who called it decides
  std::string call{};          // that it is the entry of, or that it makes
};

Place place_of(std::string_view frame);

// The innermost frame that is known decides what was done, the outermost of the kernel which call
// it was for. `stack` is outermost first; the cause refers to its places.
Cause cause_of(std::span<const Place* const> stack) noexcept;

// Two ways to take CPU time apart. Scheduling, interrupts and user mode are causes of their own in
// both.
std::string_view by_call(const Cause& cause) noexcept;  // system calls by name
std::string_view by_work(const Cause& cause) noexcept;  // what was done, in whichever call

}  // namespace duelio::results
