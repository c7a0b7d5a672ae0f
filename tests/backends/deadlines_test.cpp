// Deadlines and the limit of connections. A length is short where its end is waited for, and out
// of reach where it must not come.
#include <atomic>
#include <memory>
#include <thread>

#include <sys/socket.h>

#include "tests/backends/conformance.h"

namespace duelio::test {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds soon{50};
const std::string post = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n";
const std::string timed_out =
    "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n"
    "date: ?????????????????????????????\r\nconnection: close\r\n\r\n";

class WithDeadlines : public Conformance {
 protected:
  void start(const http::Deadlines& lengths) {
    server_.reset();
    server_.emplace(GetParam(), Wishes{.deadlines = lengths});
  }
  template <class Member>
  void start_with(Member member, milliseconds length = soon) {
    http::Deadlines lengths = no_deadline_passes;
    lengths.*member = length;
    start(lengths);
  }
};

TEST_P(WithDeadlines, EndAnIdleConnectionSilently) {
  start_with(&http::Deadlines::idle);
  TcpClient fresh(port());
  EXPECT_EQ(fresh.receive_all(), "");
  TcpClient used(port());
  used.send(get);
  EXPECT_EQ(mask_dates(used.receive_all()), hello);
  TcpClient blank(port());
  blank.send("\r\n");
  EXPECT_EQ(blank.receive_all(), "");
}

TEST_P(WithDeadlines, AnswerHalfAHead) {
  start_with(&http::Deadlines::head);
  TcpClient client(port());
  client.send(get.substr(0, 9));
  EXPECT_EQ(mask_dates(client.receive(timed_out.size())), timed_out);
  client.finish_sending();
  EXPECT_EQ(client.receive_all(), "");
  TcpClient later(port());
  later.send(get + get.substr(0, 9));
  EXPECT_EQ(mask_dates(later.receive_all()), hello + timed_out);
}

// However often something comes.
TEST_P(WithDeadlines, AnswerAHeadThatTakesTooLong) {
  start_with(&http::Deadlines::head, milliseconds(500));
  TcpClient client(port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nx: "));
  while (client.is_quiet() && client.send("x")) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(mask_dates(client.receive(timed_out.size())), timed_out);
}

TEST_P(WithDeadlines, AnswerABodyThatStops) {
  start_with(&http::Deadlines::body);
  for (const std::string& part : {post, post + "1234"}) {
    TcpClient client(port());
    client.send(part);
    EXPECT_EQ(mask_dates(client.receive(timed_out.size())), timed_out);
    client.finish_sending();
    EXPECT_EQ(client.receive_all(), "");
  }
}

// For longer than the length, with twenty times the haste that is asked for.
TEST_P(WithDeadlines, LeaveABodyThatGoesOn) {
  constexpr milliseconds length{1000};
  start_with(&http::Deadlines::body, length);
  TcpClient client(port());
  os::set_no_delay(client.fd());
  client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 25\r\n\r\n");
  for (int i = 0; i < 25; ++i) {
    std::this_thread::sleep_for(length / 20);
    client.send("x");
  }
  EXPECT_EQ(mask_dates(client.receive(hello.size())), hello);
}

TEST_P(WithDeadlines, EndALingeringConnection) {
  start_with(&http::Deadlines::linger);
  TcpClient client(port());
  client.send("nonsense\r\n\r\n");
  EXPECT_EQ(mask_dates(client.receive(refused.size())), refused);
  while (client.send("more")) std::this_thread::sleep_for(milliseconds(1));
}

TEST_P(WithDeadlines, EndAConnectionThatIsNotRead) {
  start_with(&http::Deadlines::write);
  TcpClient deaf(port());
  const int small = 4096;
  setsockopt(deaf.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  deaf.send("GET /bytes/60000000 HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_EQ(answer(get), hello);
  while (deaf.send(get)) std::this_thread::sleep_for(milliseconds(1));
}

TEST_P(WithDeadlines, EndManyWhileAnotherIsServed) {
  http::Deadlines lengths = no_deadline_passes;
  lengths.head = milliseconds(500);
  lengths.linger = soon;
  start(lengths);
  TcpClient busy(port());
  std::atomic<bool> all_gone{false};
  std::jthread others([&] {
    std::vector<std::unique_ptr<TcpClient>> silent;
    for (int i = 0; i < 200; ++i) {
      silent.push_back(std::make_unique<TcpClient>(port()));
      silent.back()->send("GET");
    }
    for (const auto& each : silent) EXPECT_EQ(mask_dates(each->receive_all()), timed_out);
    all_gone = true;
  });
  while (!all_gone) {
    ASSERT_TRUE(busy.send(get));
    ASSERT_EQ(mask_dates(busy.receive(hello.size())), hello);
  }
}

TEST_P(WithDeadlines, AreNotInTheWayOfAStop) {
  start_with(&http::Deadlines::head);
  TcpClient client(port());
  client.send(get);
  EXPECT_EQ(mask_dates(client.receive(hello.size())), hello);
  EXPECT_EQ(server_->stop().requests, 1U);
  EXPECT_EQ(client.receive_all(), "");
}

class WithALimitOfConnections : public Conformance {};

TEST_P(WithALimitOfConnections, ClosesThoseBeyondItAndCountsThem) {
  constexpr std::uint64_t most = 3;
  server_.reset();
  server_.emplace(GetParam(), Wishes{.connections = most});
  std::vector<std::unique_ptr<TcpClient>> served;
  const auto one_more = [&] {
    served.push_back(std::make_unique<TcpClient>(port()));
    served.back()->send(get);
    EXPECT_EQ(mask_dates(served.back()->receive(hello.size())), hello);
  };
  while (served.size() < most) one_more();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(TcpClient(port()).receive_all(), "");
  for (const auto& client : served) {
    client->send(get);
    EXPECT_EQ(mask_dates(client->receive(hello.size())), hello);
  }
  // One that has ended has left before its peer sees that.
  served.front()->send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  EXPECT_EQ(mask_dates(served.front()->receive_all()), last_hello);
  served.erase(served.begin());
  one_more();
  EXPECT_EQ(TcpClient(port()).receive_all(), "");
  const Counters counters = server_->stop();
  EXPECT_EQ(counters.accepts, most + 1);
  EXPECT_EQ(counters.accept_over_limit, 6U);
}

INSTANTIATE_TEST_SUITE_P(Backends, WithDeadlines,
                         testing::ValuesIn(that_keep_deadlines(cases({1, 4}))),
                         [](const auto& test) { return to_string(test.param); });
INSTANTIATE_TEST_SUITE_P(Backends, WithALimitOfConnections, testing::ValuesIn(cases({1, 4})),
                         [](const auto& test) { return to_string(test.param); });

}  // namespace
}  // namespace duelio::test
