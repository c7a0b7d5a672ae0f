#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "backends/connection_limit.h"
#include "backends/counters.h"
#include "backends/stop_event.h"
#include "common/http/date_clock.h"
#include "common/http/deadlines.h"
#include "common/http/request_parser.h"
#include "common/os/socket.h"
#include "common/os/socket_file.h"
#include "common/os/unique_fd.h"

// The contract between the server and an I/O model.
namespace duelio {

// How the threads of a server share the work.
enum class Sharing : std::uint8_t {
  per_thread,  // every thread has a listener (SO_REUSEPORT) and a set of connections of its own
  shared,      // all threads take events from one set
  exclusive,   // one listener, in the set of every thread, of which an arrival wakes one
  steered,     // as per_thread, but the CPU on which a connection arrives says whose it is
};
std::string_view to_string(Sharing sharing) noexcept;

struct Support {
  bool available = true;
  std::string reason;  // why not, and what to do about it
  std::string features =
      {};  // what the kernel really gives, where a model can use more or less of it
};

// For models and options that every supported kernel has.
inline Support always_available() {
  return {};
}

// A variation of a model, chosen by name (--with). Declared beside the model that has it.
struct Option {
  std::string_view name;
  std::string_view about;  // what it does, costs and needs, in a sentence
  Support (*probe)() = always_available;
  std::span<const std::string_view> not_with = {};  // said once: by one of the two
  std::span<const Sharing> sharings = {};           // where it makes sense; empty: everywhere
  bool tcp_only = false;                            // the kernel does not have it for AF_UNIX
};

// What one of a server's threads did.
struct ThreadCount {
  pid_t id = 0;             // gettid(2)
  std::int64_t cpu_ns = 0;  // by its own clock, from when it began to work to its end
  Counters counters;
};

struct ServerConfig {
  unsigned threads = 1;
  std::vector<int> cpus;  // thread i is pinned to cpus[i % size]; empty: not pinned
  Sharing sharing = Sharing::per_thread;
  http::Limits limits;
  const http::DateClock* clock = nullptr;         // outlives run()
  std::chrono::milliseconds drain_limit{1000};    // how long a stopping backend waits for its peers
  std::vector<std::string_view> with = {};        // names of the model's options
  std::optional<http::Deadlines> deadlines = {};  // of each connection; none: peers have all time
  ConnectionLimit* connections = nullptr;         // outlives run(); none: no limit
  std::vector<ThreadCount>* by_thread = nullptr;  // outlives run(), which fills it at its end, or
                                                  // leaves it empty: connections have a thread each
  int backlog = 4096;                             // of the listeners, which are listening
  os::SocketFile* socket_file = nullptr;          // outlives run(); of a Unix socket's listener

  // While setting up.
  bool has(const Option& option) const noexcept {
    return std::find(with.begin(), with.end(), option.name) != with.end();
  }
};

// One listening socket for Sharing::shared, else one for each thread: for Sharing::exclusive
// descriptors of the same. Non-blocking; of TCP or, one only, a Unix socket
// (ServerConfig::socket_file).
using Listeners = std::vector<os::UniqueFd>;

// As the sharing asks for them. `cpus`: as ServerConfig has them. Throws std::system_error.
Listeners listen_for(Sharing sharing, unsigned threads, const std::vector<int>& cpus,
                     const os::Address& address, const os::ListenOptions& options);

// What a model knows that has a listener for each thread and takes it as it comes.
inline constexpr std::array own_listeners{Sharing::per_thread, Sharing::steered};

// An I/O model: a constant, not a class hierarchy, and entered once for a whole run, so nothing is
// dispatched on the data path.
//
// What run() owes its caller:
//  - It returns when a stop has been requested and it has finished what was received: arrivals are
//    refused and those before them accepted (support/arrivals.h), requests that arrived are
//    answered, an answer that is begun after the listener's close says `connection: close`, idle
//    connections are closed, also those that become idle later. It gives up on peers that take
//    longer than drain_limit.
//  - It throws std::system_error while setting up, and when its wait fails for good. A failing
//    socket ends its own session and is counted; accept copes with a lack of descriptors and with
//    peers that left, without spinning.
//  - A signal may end its waits early (EINTR), at least once a second: that is no reason to stop.
//  - Where there are deadlines it keeps the time of what each connection waits for, and tells it
//    when that is over (common/http/deadlines.h). Where there is a limit of connections it closes
//    those beyond it as soon as they are accepted, and counts them. Without either neither costs a
//    system call, nor a look at a clock.
//  - It drives http::Connection by its contract and puts no bytes of its own on the wire.
struct Backend {
  std::string_view name;              // the flag's value and the key in every result
  std::string_view model;             // "readiness: epoll(7), EPOLLONESHOT"
  std::span<const Sharing> sharings;  // what the model knows, its natural one first
  Support (*probe)();                 // asks the running kernel, not the compiler
  Counters (*run)(const ServerConfig& config, Listeners listeners, const StopEvent& stop);
  std::span<const Counters::Member> uncounted = {};  // what the model cannot see
  // The executable beside duelio-server that holds the model, if it cannot be linked into this one;
  // run is then null.
  std::string_view executable = {};
  std::span<const Option> options = {};
  std::string_view no_deadlines = {};  // why the model cannot keep any; empty where it can
};

// Every backend of this build, the reference first. Made from the list in backends/CMakeLists.txt.
std::span<const Backend* const> all_backends() noexcept;

// What that list calls them: each file has to agree.
std::span<const std::string_view> listed_names() noexcept;

// nullptr when there is none of that name.
const Backend* find_backend(std::string_view name) noexcept;

// What is wrong with options of that model together, "names 'sqpoll' twice"; empty: nothing.
// Whether they are available here is not looked at.
std::string refusal_of_options(const Backend& backend, std::span<const std::string_view> names,
                               Sharing sharing);

const Option* find_option(const Backend& backend, std::string_view name) noexcept;

}  // namespace duelio
