#pragma once

#include <cstdint>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "common/os/error.h"
#include "common/os/unique_fd.h"

namespace duelio::fuzz {

// A file in memory, for readers that take a name.
class File {
 public:
  File() : fd_(::memfd_create("input", MFD_CLOEXEC)) {
    if (!fd_) os::throw_errno("memfd_create");
  }
  void write(const std::uint8_t* data, std::size_t size) const {
    if (::ftruncate(fd_.get(), 0) != 0 ||
        ::pwrite(fd_.get(), data, size, 0) != static_cast<ssize_t>(size))
      os::throw_errno("write");
  }
  std::string name() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

 private:
  os::UniqueFd fd_;
};

}  // namespace duelio::fuzz
