// A stop: what was received is answered, idle connections close.
#include <latch>
#include <memory>
#include <thread>

#include "tests/backends/conformance.h"

namespace duelio::test {
namespace {

// Enough for more than one round of completions.
TEST_P(Conformance, AnswersAllThatArrivedBeforeAStop) {
  std::vector<std::unique_ptr<TcpClient>> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(std::make_unique<TcpClient>(address()));
  for (const auto& client : clients) {
    ASSERT_TRUE(client->send(get));
    ASSERT_EQ(mask_dates(client->receive(hello.size())), hello);
  }
  for (const auto& client : clients) ASSERT_TRUE(client->send(get));
  for (const auto& client : clients) ASSERT_TRUE(client->wait_until_delivered());
  server_->request_stop();
  int answered = 0;
  for (const auto& client : clients) {
    const std::string all = mask_dates(client->receive_all());
    answered += all == hello || all == last_hello ? 1 : 0;
  }
  EXPECT_EQ(answered, 200);
  server_->stop();
}

// The answer that is under way when the stop comes does not say that it is the last.
TEST_P(Conformance, ClosesWhatBecomesIdleDuringAStop) {
  const auto ask_for_much = [this] {
    auto client = std::make_unique<TcpClient>(address());
    EXPECT_TRUE(client->send("GET /bytes/30000000 HTTP/1.1\r\nhost: a\r\n\r\n"));
    EXPECT_EQ(client->receive(4), "HTTP");
    return client;
  };
  const auto deaf = ask_for_much();  // keeps the server
  const auto late = ask_for_much();
  server_->request_stop();
  EXPECT_GT(late->receive_all().size(), 30'000'000U);
  EXPECT_TRUE(server_->is_running());
  deaf->reset();
  server_->stop();
}

TEST_P(Conformance, StopsWithIdleConnectionsOpen) {
  TcpClient idle(address());
  TcpClient used(address());
  used.send(get);
  EXPECT_EQ(mask_dates(used.receive(hello.size())), hello);
  const Counters counters = server_->stop();
  EXPECT_EQ(counters.requests, 1U);
  EXPECT_EQ(counters.accepts, 2U);
  EXPECT_EQ(idle.receive_all(), "");
  EXPECT_EQ(used.receive_all(), "");
}

TEST_P(Conformance, FinishesWhatWasReceivedWhenStopped) {
  TcpClient half(address());
  half.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbo");
  TcpClient whole(address());
  whole.send(get);
  ASSERT_TRUE(half.wait_until_delivered());
  ASSERT_TRUE(whole.wait_until_delivered());
  server_->request_stop();
  half.send("dy");
  // The announcement is missing where the bytes and the stop were noticed in one wake-up.
  for (TcpClient* client : {&half, &whole}) {
    const std::string answered = mask_dates(client->receive_all());
    EXPECT_TRUE(answered == hello || answered == last_hello) << answered;
  }
  server_->stop();
}

TEST_P(Conformance, StopsUnderLoadWithoutCuttingAnAnswer) {
  std::latch answered_once(4);
  std::vector<std::jthread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([this, &answered_once] {
      TcpClient client(address());
      EXPECT_TRUE(client.send(get));
      EXPECT_EQ(mask_dates(client.receive(hello.size())), hello);
      answered_once.count_down();
      while (client.send(get)) {
        // After the announcement that it is the last one the server may close as it likes.
        std::string answered = mask_dates(client.receive(hello.size()));
        if (answered.empty()) return;
        if (answered == hello) continue;
        answered += mask_dates(client.receive(last_hello.size() - hello.size()));
        ASSERT_EQ(answered, last_hello);
        return;
      }
    });
  }
  answered_once.wait();
  server_->stop();
}

}  // namespace
}  // namespace duelio::test
