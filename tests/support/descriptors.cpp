#include "tests/support/descriptors.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace duelio::test {
namespace {

unsigned port_of(decltype(::getsockname) name_of, int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  return name_of(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? ntohs(address.sin_port)
                                                                        : 0;
}

void describe_socket(std::ostream& out, int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return;
  int unread = -1;
  int unsent = -1;
  ::ioctl(fd, SIOCINQ, &unread);
  ::ioctl(fd, SIOCOUTQ, &unsent);
  out << fd << ": port " << port_of(::getsockname, fd) << " to " << port_of(::getpeername, fd)
      << ", state " << static_cast<int>(info.tcpi_state) << ", " << unread << " bytes unread, "
      << unsent << " not acknowledged\n";
}

void describe_interests(std::ostream& out, int fd) {
  std::ifstream lines("/proc/self/fdinfo/" + std::to_string(fd));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("tfd:")) out << fd << ": epoll " << line << '\n';
  }
}

}  // namespace

std::string describe_descriptors() {
  std::ostringstream out;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry.path(), gone);
    const int fd = std::stoi(entry.path().filename());
    if (target.starts_with("socket:")) describe_socket(out, fd);
    if (target == "anon_inode:[eventpoll]") describe_interests(out, fd);
  }
  return out.str();
}

}  // namespace duelio::test
