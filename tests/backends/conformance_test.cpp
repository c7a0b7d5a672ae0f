// The bytes on the wire, in whatever pieces they come.
#include "tests/backends/conformance.h"

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <thread>

#include "common/workload.h"
#include "tests/support/pieces.h"

namespace duelio::test {
namespace {

// A copied file that kept its model's name would be another's in every result.
TEST(Registry, CallsEachModelAsItsFileDoes) {
  ASSERT_EQ(listed_names().size(), all_backends().size());
  for (std::size_t i = 0; i < all_backends().size(); ++i)
    EXPECT_EQ(all_backends()[i]->name, listed_names()[i]);
}

// More often than a model has buffers to lend to the kernel, one after the other, so that no two
// requests come in one receive.
TEST_P(Conformance, AnswersOnAPersistentConnection) {
  TcpClient client(address());
  for (int i = 0; i < 1'500; ++i) {
    ASSERT_TRUE(client.send(get));
    ASSERT_EQ(mask_dates(client.receive(hello.size())), hello);
  }
  EXPECT_TRUE(client.is_quiet());
}

TEST_P(Conformance, AnswersPiecesAtEveryCut) {
  const std::string stream = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody" + get;
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    TcpClient client(address());
    client.send(stream.substr(0, cut));
    std::this_thread::yield();
    client.send(stream.substr(cut));
    client.finish_sending();
    ASSERT_EQ(mask_dates(client.receive_all()), hello + hello) << cut;
  }
}

TEST_P(Conformance, AnswersTypedBytes) {
  TcpClient client(address());
  os::set_no_delay(client.fd());
  for (const char c : get + get) ASSERT_TRUE(client.send({&c, 1}));
  client.finish_sending();
  EXPECT_EQ(mask_dates(client.receive_all()), hello + hello);
}

TEST_P(Conformance, AnswersTenThousandPipelinedRequests) {
  constexpr std::size_t count = 10'000;
  std::string requests;
  std::string expected;
  for (std::size_t i = 0; i < count; ++i) {
    requests += get;
    expected += hello;
  }
  TcpClient client(address());
  std::jthread sender([&] {
    client.send(requests);
    client.finish_sending();
  });
  EXPECT_TRUE(mask_dates(client.receive_all()) == expected);
}

TEST_P(Conformance, TakesABodyInSingleBytes) {
  constexpr std::size_t size = 5000;
  TcpClient client(address());
  os::set_no_delay(client.fd());
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: " + std::to_string(size) +
                          "\r\n\r\n"));
  for (std::size_t i = 0; i < size; ++i) ASSERT_TRUE(client.send("x"));
  EXPECT_EQ(mask_dates(client.receive(hello.size())), hello);
}

TEST_P(Conformance, TakesALargeBodyThatLooksLikeRequests) {
  std::string body;
  while (body.size() < (1U << 20U)) body += get;
  EXPECT_EQ(answer("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: " + std::to_string(body.size()) +
                   "\r\n\r\n" + body + get),
            hello + hello);
}

TEST_P(Conformance, SendsLargeAnswersWhole) {
  constexpr std::size_t size = 5'000'000;
  const std::string all = answer("GET /bytes/5000000 HTTP/1.1\r\nhost: a\r\n\r\n");
  const std::size_t body = all.find("\r\n\r\n") + 4;
  ASSERT_EQ(all.size(), body + size);
  for (std::size_t i = 0; i < size; i += 4099) {
    ASSERT_EQ(all[body + i], workload::pattern_alphabet[i % 64]) << i;
  }
}

TEST_P(Conformance, ClosesAfterTheLastAnswer) {
  TcpClient client(address());
  client.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  EXPECT_EQ(mask_dates(client.receive_all()), last_hello);
}

TEST_P(Conformance, KeepsTheAnswersBeforeARefusalInOrder) {
  EXPECT_EQ(answer(get + get + "nonsense\r\n\r\n"), hello + hello + refused);
}

TEST_P(Conformance, LetsARefusalArriveThoughMoreIsSent) {
  TcpClient client(address());
  const std::string more(1 << 20, 'x');
  ASSERT_TRUE(client.send("nonsense\r\n\r\n"));
  ASSERT_TRUE(client.send(more));  // discarded; a close now would answer it with a reset
  client.finish_sending();
  EXPECT_EQ(mask_dates(client.receive_all()), refused);
}

TEST_P(Conformance, SaysContinue) {
  TcpClient client(address());
  client.send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
  const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  ASSERT_EQ(client.receive(go_on.size()), go_on);
  client.send("hi");
  EXPECT_EQ(mask_dates(client.receive(hello.size())), hello);
}

TEST_P(Conformance, ServesManyConnectionsAtOnce) {
  std::vector<std::unique_ptr<TcpClient>> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(std::make_unique<TcpClient>(address()));
  for (int round = 0; round < 3; ++round) {
    for (const auto& client : clients) ASSERT_TRUE(client->send(get));
    for (const auto& client : clients) ASSERT_EQ(mask_dates(client->receive(hello.size())), hello);
  }
}

TEST_P(Conformance, CountsWhatEachThreadDid) {
  for (int i = 0; i < 8; ++i) EXPECT_EQ(answer(get), hello);
  const Counters all = server_->stop();
  if (GetParam().backend->name == "threads") {
    EXPECT_TRUE(server_->by_thread().empty());
    return;
  }
  ASSERT_EQ(server_->by_thread().size(), GetParam().threads);
  Counters sum;
  std::set<pid_t> ids;
  std::int64_t cpu_ns = 0;
  for (const ThreadCount& thread : server_->by_thread()) {
    sum += thread.counters;
    ids.insert(thread.id);
    cpu_ns += thread.cpu_ns;
  }
  for (const CounterField& field : counter_fields)
    EXPECT_EQ(sum.*field.member, all.*field.member) << field.name;
  EXPECT_EQ(ids.size(), GetParam().threads);
  EXPECT_FALSE(ids.contains(0));
  EXPECT_GT(cpu_ns, 0);
}

TEST_P(Conformance, AnswersRandomStreamsCutAtRandom) {
  const std::vector<std::string> parts{
      get, "HEAD /x HTTP/1.1\r\nhost: a\r\n\r\n",
      "PUT /bytes/30000 HTTP/1.1\r\nhost: a\r\ncontent-length: 2000\r\n\r\n" +
          std::string(2000, 'b')};
  std::mt19937_64 random(7);
  for (int trial = 0; trial < 60; ++trial) {
    std::string stream;
    for (std::size_t i = 1 + random() % 8; i > 0; --i) stream += parts[random() % parts.size()];
    TcpClient client(address());
    os::set_no_delay(client.fd());
    for (const std::string_view piece : cut_at_random(stream, random)) client.send(piece);
    client.finish_sending();
    ASSERT_TRUE(mask_dates(client.receive_all()) == answer(stream)) << trial;
  }
}

#ifdef __SANITIZE_THREAD__  // what one thread does with an option races with nobody
std::vector<Case> with_options() {
  return cases_of_options({4});
}
#else
std::vector<Case> with_options() {
  return cases_of_options({1, 4});
}
#endif
INSTANTIATE_TEST_SUITE_P(Options, Conformance, testing::ValuesIn(with_options()),
                         [](const auto& test) { return to_string(test.param); });

INSTANTIATE_TEST_SUITE_P(Backends, Conformance, testing::ValuesIn(cases({1})),
                         [](const auto& test) { return to_string(test.param); });

INSTANTIATE_TEST_SUITE_P(Listeners, Conformance, testing::ValuesIn(cases_of_listeners(4)),
                         [](const auto& test) { return to_string(test.param); });

INSTANTIATE_TEST_SUITE_P(Unix, Conformance, testing::ValuesIn(over_unix(cases({1}))),
                         [](const auto& test) { return to_string(test.param); });

INSTANTIATE_TEST_SUITE_P(Timed, Conformance, testing::ValuesIn(timed(cases({4}))),
                         [](const auto& test) { return to_string(test.param); });

}  // namespace
}  // namespace duelio::test
