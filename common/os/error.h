#pragma once

#include <string>
#include <string_view>

namespace duelio::os {

// Throws std::system_error from errno. `operation` names what failed and on what: "bind
// 127.0.0.1:80"; what() becomes "bind 127.0.0.1:80: Permission denied".
[[noreturn]] void throw_errno(const std::string& operation);
[[noreturn]] void throw_errno(const std::string& operation, int error);

// "ECONNRESET" for ECONNRESET: stable across locales, so that it can be a key in results.
std::string_view errno_name(int error) noexcept;

}  // namespace duelio::os
