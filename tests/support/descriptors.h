#pragma once

#include <string>

namespace duelio::test {

// What this process's sockets and epoll sets hold, a line each: unread and unsent bytes and the TCP
// state; the interests that are set (proc_pid_fdinfo(5)). What a hang leaves behind tells whether
// an event was lost or never asked for: bytes unread beside an interest of 40000000 (disarmed) are
// the server's fault, beside 40000019 (armed) the kernel's.
std::string describe_descriptors();

}  // namespace duelio::test
