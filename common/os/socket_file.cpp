#include "common/os/socket_file.h"

#include <cerrno>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/os/error.h"

namespace duelio::os {
namespace {

UniqueFd stream_socket(const std::string& name) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) throw_errno("socket for " + name);
  return fd;
}

// Of the folder, so that of two servers that find the same abandoned name one has bound its own and
// listens before the other looks: a name that is bound and not yet listened at looks abandoned.
UniqueFd lock_folder(const std::string& path, const std::string& name) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  UniqueFd fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("bind " + name);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    throw_errno("bind " + name, errno == EWOULDBLOCK ? EADDRINUSE : errno);
  return fd;
}

// connect(2) is refused where nobody listens; a full queue is somebody's.
bool is_abandoned(const Address& address, const std::string& name) {
  const UniqueFd fd = stream_socket(name);
  return ::connect(fd.get(), address.get(), address.length) != 0 && errno == ECONNREFUSED;
}

}  // namespace

UniqueFd listen_at_path(const Address& address, const ListenOptions& options) {
  const std::string name = to_string(address);
  const std::string path = path_of(address);
  const UniqueFd lock = lock_folder(path, name);
  UniqueFd listener = stream_socket(name);
  int error = ::bind(listener.get(), address.get(), address.length) == 0 ? 0 : errno;
  if (error == EADDRINUSE) {
    struct stat there = {};
    if (::lstat(path.c_str(), &there) == 0 && !S_ISSOCK(there.st_mode))
      throw std::runtime_error("bind " + name + ": a file that is no socket is there");
    if (is_abandoned(address, name)) {
      ::unlink(path.c_str());
      error = ::bind(listener.get(), address.get(), address.length) == 0 ? 0 : errno;
    }
  }
  if (error != 0) throw_errno("bind " + name, error);
  if (::listen(listener.get(), options.backlog) != 0) throw_errno("listen on " + name);
  return listener;
}

SocketFile::SocketFile(const Address& address) : path_(path_of(address)) {
  struct stat now = {};
  if (::lstat(path_.c_str(), &now) != 0) throw_errno("look at " + to_string(address));
  device_ = now.st_dev;
  number_ = now.st_ino;
}

void SocketFile::remove() noexcept {
  struct stat now = {};
  if (removed_.exchange(true) || ::lstat(path_.c_str(), &now) != 0) return;
  if (now.st_dev == device_ && now.st_ino == number_) ::unlink(path_.c_str());
}

}  // namespace duelio::os
