#include "tests/support/descriptors.h"

#include <gmock/gmock.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/os/address.h"
#include "common/os/socket.h"
#include "tests/support/tcp_client.h"

namespace duelio::test {
namespace {

TEST(Descriptors, ShowUnreadBytesBesideTheInterest) {
  const os::UniqueFd listener = os::listen_on(os::resolve("127.0.0.1", 0), {});
  const std::uint16_t port = os::local_address(listener.get()).port();
  TcpClient client(port);
  pollfd waiting{listener.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&waiting, 1, 60'000), 1);
  const os::UniqueFd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const os::UniqueFd set(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{.events = EPOLLIN | EPOLLONESHOT, .data = {}};
  ASSERT_EQ(::epoll_ctl(set.get(), EPOLL_CTL_ADD, server.get(), &event), 0);
  client.send("hello");
  ASSERT_EQ(::epoll_wait(set.get(), &event, 1, 60'000), 1);

  const std::string text = describe_descriptors();
  EXPECT_THAT(
      text, testing::ContainsRegex(std::to_string(server.get()) + ": port " + std::to_string(port) +
                                   " to [0-9]+, state 1, 5 bytes "
                                   "unread, 0 not acknowledged\n"));
  EXPECT_THAT(text, testing::ContainsRegex(std::to_string(set.get()) + ": epoll tfd: +" +
                                           std::to_string(server.get()) + " events: 40000000 "));
}

// No model sets it for a connection, and of a direct descriptor none could.
TEST(Descriptors, HaveNoDelayFromTheirListener) {
  const os::UniqueFd listener = os::listen_on(os::resolve("127.0.0.1", 0), {});
  TcpClient client(os::local_address(listener.get()).port());
  pollfd waiting{listener.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&waiting, 1, 60'000), 1);
  const os::UniqueFd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  ASSERT_EQ(::getsockopt(server.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
  EXPECT_EQ(no_delay, 1);
}

}  // namespace
}  // namespace duelio::test
