#include "servers/listeners.h"

#include <chrono>
#include <iostream>
#include <system_error>
#include <thread>

#include "common/os/address.h"
#include "common/os/socket.h"
#include "servers/signals.h"

namespace duelio::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_wait{1000};
constexpr milliseconds between_tries{20};

}  // namespace

Listeners open_listeners(const Options& options) {
  const os::Address address = os::resolve(options.address, options.port);
  milliseconds waited{0};
  while (!StopSignals::is_stopping()) {
    try {
      Listeners listeners = listen_for(options.sharing, options.threads, options.cpus, address,
                                       {.backlog = options.backlog});
      if (waited.count() > 0) {
        std::cerr << tool.name << ": waited " << waited.count() << " ms for "
                  << os::to_string(address) << ", which a process that has ended still held\n";
      }
      return listeners;
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::address_in_use || waited >= longest_wait) throw;
    }
    std::this_thread::sleep_for(between_tries);
    waited += between_tries;
  }
  return {};
}

}  // namespace duelio::server
