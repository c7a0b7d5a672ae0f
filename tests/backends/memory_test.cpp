// Memory that is not to be had costs the connection that needed it, and nobody else.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/backends/conformance.h"
#include "tests/support/scarce_memory.h"

namespace duelio::test {
namespace {

// All that a session allocates for: what arrives in pieces, answers that do not fit into the
// socket, more requests than are answered at once, a refusal.
std::string requests_of_a_life() {
  std::string requests = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n";
  requests.append(100'000, 'x');
  requests += "GET /bytes/4000000 HTTP/1.1\r\nhost: a\r\n\r\n";
  for (int i = 0; i < 500; ++i) requests += get;
  return requests + "nonsense\r\n\r\n";
}

// Of each other thread of this process a letter: proc_pid_stat(5), state.
std::string states_of_the_others() {
  std::string states;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    if (std::stoi(entry.path().filename()) == ::gettid()) continue;
    std::ifstream file(entry.path() / "stat");
    std::string line;
    if (std::getline(file, line)) states += line[line.rfind(')') + 2];
  }
  return states;
}

// What a client meets of such a life, until memory is missing or it is over. The bytes do not
// matter: its connection may be the one that is lost.
void live(const os::Address& server, const ScarceMemory& scarce) {
  const std::string requests = requests_of_a_life();
  std::string_view left = requests;
  TcpClient client(server);
  std::vector<char> room(64 * 1024);
  while (!scarce.has_struck()) {
    pollfd wait{client.fd(), static_cast<short>(POLLIN | (left.empty() ? 0 : POLLOUT)), 0};
    ::poll(&wait, 1, 10);
    if ((wait.revents & POLLOUT) != 0) {
      // A head in two pieces, and then as it comes.
      const std::size_t most = left.size() == requests.size() ? 20 : left.size();
      const ssize_t n = ::send(client.fd(), left.data(), most, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n > 0) left.remove_prefix(static_cast<std::size_t>(n));
    }
    if ((wait.revents & ~POLLOUT) != 0 &&
        ::recv(client.fd(), room.data(), room.size(), MSG_DONTWAIT) <= 0)
      return;
  }
}

// Of Boost.Asio 1.81, which is not ours to mend.
std::string weakness_of(const Case& how) {
  const bool is_asio = how.backend->name == "asio" || how.backend->name == "asio-uring";
  if (how.backend->name == "asio-coro")
    return "a coroutine that finds no memory may be the one that accepts";
  if (is_asio && how.sharing == Sharing::shared && how.threads > 1)
    return "a strand that finds no memory destroys what it has not made (strand_executor_service)";
  return "";
}

class WithoutMemory : public Conformance {
 protected:
  void SetUp() override {
    if (const std::string why = weakness_of(GetParam()); !why.empty()) GTEST_SKIP() << why;
    Conformance::SetUp();
  }

  // What a server needs to begin is another matter: then it ends, with a line. Its threads are
  // there, and have come to their first wait.
  void wait_until_all_sleep() {
    server_.reset();
    const std::size_t before = states_of_the_others().size();
    server_.emplace(GetParam());
    while (true) {
      const std::string states = states_of_the_others();
      if (states.size() >= before + GetParam().threads &&
          states.find_first_not_of('S') == std::string::npos)
        return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  void expect_that_others_are_served(ScarceMemory::Missing missing) {
    constexpr unsigned most = 200;  // of a life and what the server does beside it
    wait_until_all_sleep();
    unsigned number = 0;
    for (bool has_struck = true; has_struck && number < most; ++number) {
      SCOPED_TRACE(number);
      TcpClient other(address());
      ASSERT_TRUE(other.send(get));
      ASSERT_EQ(mask_dates(other.receive(hello.size())), hello);
      {
        const ScarceMemory scarce(number, missing);
        live(address(), scarce);
        has_struck = scarce.has_struck();
        // So that the server meets it more than once.
        if (has_struck) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
      ASSERT_TRUE(other.send(get));
      ASSERT_EQ(mask_dates(other.receive(hello.size())), hello);
      ASSERT_EQ(answer(get), hello);
      ASSERT_TRUE(server_->is_running());
    }
    EXPECT_GT(number, 1U) << "nothing was ever allocated";
    EXPECT_LT(number, most) << "a life never came to its end";
  }
};

TEST_P(WithoutMemory, ForOneAllocationOthersAreServed) {
  expect_that_others_are_served(ScarceMemory::Missing::once);
}

TEST_P(WithoutMemory, FromOneAllocationOnOthersAreServedAfterwards) {
  expect_that_others_are_served(ScarceMemory::Missing::from_then_on);
}

INSTANTIATE_TEST_SUITE_P(Backends, WithoutMemory, testing::ValuesIn(cases({1, 4})),
                         [](const auto& test) { return to_string(test.param); });

}  // namespace
}  // namespace duelio::test
