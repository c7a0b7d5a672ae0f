#include "loadgen/result_file.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/os/error.h"
#include "common/os/unique_fd.h"
#include "loadgen/interruption.h"

namespace duelio::loadgen {

namespace fs = std::filesystem;

namespace {

std::string beside(const std::string& place) {
  const fs::path path(place);
  return (path.parent_path() / ("." + path.filename().string() + "." + std::to_string(getpid())))
      .string();
}

// 0 or errno.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

}  // namespace

ResultFile::ResultFile(std::string flag, std::string name)
    : flag_(std::move(flag)), name_(std::move(name)) {
  if (name_.empty() || name_ == "-") return;
  std::error_code error;
  const fs::file_status status = fs::status(name_, error);
  if (fs::is_directory(status)) fail(EISDIR);
  if (fs::exists(status)) {
    if (::access(name_.c_str(), W_OK) != 0) fail(errno);
    if (!fs::is_regular_file(status)) return;
  }
  const fs::path target = fs::weakly_canonical(fs::absolute(name_), error);
  if (error) fail(error.value());
  place_ = target.string();
  ::close(create());
  ::unlink(beside(place_).c_str());
}

void ResultFile::write(const std::function<void(std::ostream&)>& put) const {
  if (name_.empty()) return;
  if (is_stdout()) return put(std::cout);
  std::ostringstream text;
  put(text);
  if (place_.empty()) {
    const os::UniqueFd file(::open(name_.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) fail(errno);
    if (const int error = write_all(file.get(), text.view()); error != 0) fail(error);
    return;
  }
  const std::string other = beside(place_);
  const Unfinished unfinished(other);
  os::UniqueFd file(create());
  int error = write_all(file.get(), text.view());
  if (error == 0 && ::fsync(file.get()) != 0) error = errno;
  if (error == 0 && ::rename(other.c_str(), place_.c_str()) != 0) error = errno;
  if (error == 0) return;
  ::unlink(other.c_str());
  fail(error);
}

void ResultFile::fail(int error) const {
  os::throw_errno("--" + flag_ + " '" + name_ + "': write", error);
}

// With the mode that the file before it had, which is replaced.
int ResultFile::create() const {
  const std::string other = beside(place_);
  const int fd = ::open(other.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (fd < 0) fail(errno);
  std::error_code error;
  const fs::file_status before = fs::status(place_, error);
  if (fs::exists(before)) ::fchmod(fd, static_cast<mode_t>(before.permissions()));
  return fd;
}

}  // namespace duelio::loadgen
