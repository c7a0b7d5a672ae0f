#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/os/address.h"
#include "common/os/unique_fd.h"

namespace duelio::test {

// A blocking client for tests, of TCP or of a Unix socket. What fails, fails the running test;
// nothing waits longer than the limit.
class TcpClient {
 public:
  // Only a hang lasts so long, also under sanitizers on a loaded machine.
  static constexpr std::chrono::seconds limit{60};

  // Whether any client of this process has waited to the limit.
  static bool has_waited_in_vain() noexcept;

  explicit TcpClient(const os::Address& server);
  explicit TcpClient(std::uint16_t port) : TcpClient(os::resolve("127.0.0.1", port)) {}

  // Everything, in as many calls as it takes. False when the peer went away.
  bool send(std::string_view bytes);

  // Until `size` bytes have come, the stream ends or the limit passes.
  std::string receive(std::size_t size);

  // Until the stream ends. Adds a failure when it ends with a reset or not at all.
  std::string receive_all();

  void finish_sending();  // half-close
  void reset();           // close with RST

  // Until all that was sent is in the peer's socket, received by its process or not.
  bool wait_until_delivered() const;

  // True when the peer has sent nothing and not closed, now.
  bool is_quiet() const;

  int fd() const noexcept { return fd_.get(); }

 private:
  os::UniqueFd fd_;
};

// Replaces the text of every date field, which may differ by a second between answers.
std::string mask_dates(std::string answers);

}  // namespace duelio::test
