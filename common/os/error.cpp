#include "common/os/error.h"

#include <cerrno>
#include <cstring>
#include <system_error>

namespace duelio::os {

void throw_errno(const std::string& operation) {
  throw_errno(operation, errno);
}

void throw_errno(const std::string& operation, int error) {
  throw std::system_error(error, std::generic_category(), operation);
}

std::string_view errno_name(int error) noexcept {
  const char* const name = strerrorname_np(error);  // glibc 2.32
  return name != nullptr ? name : "unknown";
}

}  // namespace duelio::os
