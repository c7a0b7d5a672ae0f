#pragma once

#include <atomic>
#include <string>

#include <sys/types.h>

#include "common/os/address.h"
#include "common/os/socket.h"
#include "common/os/unique_fd.h"

namespace duelio::os {

// Listens at a Unix socket's path. A name there that nobody listens at, which a killed server has
// left, is removed first; one that is served, or is no socket, never. Throws std::system_error, and
// std::runtime_error for a file that is no socket.
UniqueFd listen_at_path(const Address& address, const ListenOptions& options);

// The name in the file system that bind(2) has made and that stays behind (unix(7)).
class SocketFile {
 public:
  // As it is now, just bound. Throws std::system_error.
  explicit SocketFile(const Address& address);
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile() { remove(); }

  // Once, by whichever thread comes first, and not if the name has become another socket's. While
  // it is listened at nobody takes it for abandoned, so that no successor's is met either.
  void remove() noexcept;

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t number_ = 0;
  std::atomic<bool> removed_{false};
};

}  // namespace duelio::os
