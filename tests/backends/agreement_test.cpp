// Seeded random streams, good and bad, cut at random places: every backend answers with the bytes
// that the connection core alone gives for the whole stream, so all backends agree, those of other
// binaries too.
#include <atomic>
#include <random>
#include <thread>

#include "common/http/connection.h"
#include "tests/backends/conformance.h"
#include "tests/support/pieces.h"

namespace duelio::test {
namespace {

std::string random_stream(std::mt19937_64& random) {
  static const std::vector<std::string> parts{
      get,
      get,
      get,
      "HEAD /x HTTP/1.1\r\nhost: a\r\n\r\n",
      "GET /bytes/700 HTTP/1.1\r\nhost: a\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 40\r\n\r\n" + std::string(40, 'b'),
      "\r\nGET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n",
      "GET / HTTP/1.1\nhost: a\n\n",
      "GET / HTTP/2.0\r\nhost: a\r\n\r\n"};
  std::string stream;
  for (std::size_t i = 1 + random() % 6; i > 0; --i) stream += parts[random() % parts.size()];
  // A client that announces the end sends no more: what came later would be answered with a reset.
  if (random() % 4 == 0) return stream + "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
  if (random() % 8 == 0) stream.resize(1 + random() % stream.size());
  return stream;
}

std::string answer_of_the_core(std::string_view stream) {
  http::DateClock clock(784111777);
  http::Workspace workspace({.head = 8192, .body = 4 << 20}, clock);
  http::Connection connection(workspace, http::Buffers::lent);
  std::string answers;
  bool given = false;
  while (connection.want() != http::Want::close) {
    switch (connection.want()) {
      case http::Want::write: {
        const auto bytes = connection.output();
        answers.append(bytes.data(), bytes.size());
        connection.consume(bytes.size());
        break;
      }
      case http::Want::half_close:
        return answers;
      default:
        if (given) return answers;
        given = true;
        connection.receive(stream);
    }
  }
  return answers;
}

class Agreement : public Conformance {};

TEST_P(Agreement, GivesTheBytesOfTheCoreForRandomStreams) {
  std::mt19937_64 random(20'261'123);
  std::vector<std::string> all(is_thorough() ? 10'000 : 400);
  for (std::string& stream : all) stream = random_stream(random);
  std::vector<std::jthread> clients;
  std::atomic<int> wrong{0};
  for (std::size_t client = 0; client < 2; ++client) {
    clients.emplace_back([&, client] {
      std::mt19937_64 cuts(client);
      for (std::size_t i = client; i < all.size(); i += 2) {
        TcpClient peer(port());
        os::set_no_delay(peer.fd());
        for (const std::string_view piece : cut_at_random(all[i], cuts)) peer.send(piece);
        peer.finish_sending();
        const std::string wanted = mask_dates(answer_of_the_core(all[i]));
        wrong += mask_dates(peer.receive_all()) == wanted ? 0 : 1;
        if (TcpClient::has_waited_in_vain()) return;
      }
    });
  }
  clients.clear();
  EXPECT_EQ(wrong.load(), 0);
}

INSTANTIATE_TEST_SUITE_P(Options, Agreement, testing::ValuesIn(cases_of_options({2})),
                         [](const auto& test) { return to_string(test.param); });

INSTANTIATE_TEST_SUITE_P(Backends, Agreement, testing::ValuesIn(cases({2})),
                         [](const auto& test) { return to_string(test.param); });

}  // namespace
}  // namespace duelio::test
