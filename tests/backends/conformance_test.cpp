// One suite for every registered backend, with one thread and with four: the same bytes on the
// wire, whatever the I/O model. The server runs in this process, so the sanitizers see it.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/backend.h"
#include "common/http/connection.h"
#include "common/os/address.h"
#include "common/os/cpu.h"
#include "common/os/socket.h"
#include "common/workload.h"
#include "tests/support/pieces.h"
#include "tests/support/tcp_client.h"

namespace duelio {
namespace {

using test::mask_dates;
using test::TcpClient;

const std::string get = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const std::string hello =
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n"
    "date: ?????????????????????????????\r\n\r\nHello";
const std::string last_hello =
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n"
    "date: ?????????????????????????????\r\nconnection: close\r\n\r\nHello";
const std::string refused =
    "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n"
    "date: ?????????????????????????????\r\nconnection: close\r\n\r\n";

struct Case {
  const Backend* backend;
  Sharing sharing;
  unsigned threads;
};

class Server {
 public:
  explicit Server(const Case& how, std::vector<int> cpus = {}) : clock_(784111777) {
    Listeners listeners;
    os::Address address = os::resolve("127.0.0.1", 0);
    const bool shared = how.sharing == Sharing::shared;
    for (unsigned i = 0; i < (shared ? 1 : how.threads); ++i) {
      listeners.push_back(os::listen_on(address, {.reuse_port = !shared}));
      address = os::local_address(listeners.front().get());
    }
    port_ = address.port();
    config_ = {.threads = how.threads,
               .cpus = std::move(cpus),
               .sharing = how.sharing,
               .limits = {.head = 8192, .body = 4 << 20},
               .clock = &clock_,
               .drain_limit = 2 * TcpClient::limit};
    result_ =
        std::async(std::launch::async, [this, &how, listeners = std::move(listeners)]() mutable {
          return how.backend->run(config_, std::move(listeners), stop_);
        });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    if (result_.valid()) stop();
  }

  std::uint16_t port() const { return port_; }
  void request_stop() { stop_.request(); }
  bool is_running() const {
    return result_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
  }
  Counters stop() {
    stop_.request();
    return result_.get();
  }

 private:
  http::DateClock clock_;
  ServerConfig config_;
  StopEvent stop_;
  std::uint16_t port_ = 0;
  std::future<Counters> result_;
};

class Conformance : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const Support support = GetParam().backend->probe();
    if (!support.available) GTEST_SKIP() << support.reason;
    server_.emplace(GetParam());
  }
  std::uint16_t port() const { return server_->port(); }

  // What `request` is answered on a connection of its own; the client half-closes.
  std::string answer(std::string_view request) const {
    TcpClient client(port());
    client.send(request);
    client.finish_sending();
    return mask_dates(client.receive_all());
  }

  std::optional<Server> server_;
};

// To every other thread of this process: the server's are among them.
void signal_the_others(int number) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    const pid_t thread = std::stoi(entry.path().filename());
    if (thread != ::gettid()) ::tgkill(::getpid(), thread, number);
  }
}

TEST_P(Conformance, GoesOnWhenSignalsInterruptItsWaits) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGURG, &action, nullptr);
  TcpClient client(port());
  for (int i = 0; i < 200; ++i) {
    signal_the_others(SIGURG);
    if (i % 8 == 7) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // while it waits
    ASSERT_TRUE(client.send(get));
    if (i % 2 == 1) signal_the_others(SIGURG);
    ASSERT_EQ(mask_dates(client.receive(hello.size())), hello);
  }
  client.finish_sending();
  EXPECT_EQ(client.receive_all(), "");
}

TEST_P(Conformance, AnswersOnAPersistentConnection) {
  TcpClient client(port());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(client.send(get));
    ASSERT_EQ(mask_dates(client.receive(hello.size())), hello);
  }
  EXPECT_TRUE(client.is_quiet());
}

TEST_P(Conformance, AnswersPiecesAtEveryCut) {
  const std::string stream = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody" + get;
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    TcpClient client(port());
    client.send(stream.substr(0, cut));
    std::this_thread::yield();
    client.send(stream.substr(cut));
    client.finish_sending();
    ASSERT_EQ(mask_dates(client.receive_all()), hello + hello) << cut;
  }
}

TEST_P(Conformance, AnswersTypedBytes) {
  TcpClient client(port());
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
  TcpClient client(port());
  std::jthread sender([&] {
    client.send(requests);
    client.finish_sending();
  });
  EXPECT_TRUE(mask_dates(client.receive_all()) == expected);
}

TEST_P(Conformance, TakesABodyInSingleBytes) {
  constexpr std::size_t size = 1 << 18;
  TcpClient client(port());
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
  TcpClient client(port());
  client.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  EXPECT_EQ(mask_dates(client.receive_all()), last_hello);
}

TEST_P(Conformance, KeepsTheAnswersBeforeARefusalInOrder) {
  EXPECT_EQ(answer(get + get + "nonsense\r\n\r\n"), hello + hello + refused);
}

TEST_P(Conformance, LetsARefusalArriveThoughMoreIsSent) {
  TcpClient client(port());
  const std::string more(1 << 20, 'x');
  ASSERT_TRUE(client.send("nonsense\r\n\r\n"));
  ASSERT_TRUE(client.send(more));  // discarded; a close now would answer it with a reset
  client.finish_sending();
  EXPECT_EQ(mask_dates(client.receive_all()), refused);
}

TEST_P(Conformance, SaysContinue) {
  TcpClient client(port());
  client.send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
  const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  ASSERT_EQ(client.receive(go_on.size()), go_on);
  client.send("hi");
  EXPECT_EQ(mask_dates(client.receive(hello.size())), hello);
}

TEST_P(Conformance, ServesOthersWhileAPeerNeverReads) {
  TcpClient deaf(port());
  const timeval short_wait{0, 200'000};
  setsockopt(deaf.fd(), SOL_SOCKET, SO_SNDTIMEO, &short_wait, sizeof short_wait);
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += get;
  for (int i = 0; i < 1000 && deaf.send(requests); ++i) {
  }  // until the server takes no more
  for (int i = 0; i < 20; ++i) EXPECT_EQ(answer(get), hello);
}

TEST_P(Conformance, SurvivesPeersThatReset) {
  for (int i = 0; i < 50; ++i) {
    TcpClient client(port());
    client.send(i % 2 == 0 ? get + "GET / HT" : "GET /bytes/4000000 HTTP/1.1\r\nhost: a\r\n\r\n");
    if (i % 3 == 0) std::this_thread::yield();
    client.reset();
  }
  EXPECT_EQ(answer(get), hello);
}

TEST_P(Conformance, ServesManyConnectionsAtOnce) {
  std::vector<std::unique_ptr<TcpClient>> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(std::make_unique<TcpClient>(port()));
  for (int round = 0; round < 3; ++round) {
    for (const auto& client : clients) ASSERT_TRUE(client->send(get));
    for (const auto& client : clients) ASSERT_EQ(mask_dates(client->receive(hello.size())), hello);
  }
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
    TcpClient client(port());
    os::set_no_delay(client.fd());
    for (const std::string_view piece : test::cut_at_random(stream, random)) client.send(piece);
    client.finish_sending();
    ASSERT_TRUE(mask_dates(client.receive_all()) == answer(stream)) << trial;
  }
}

// Leaves this process 200 descriptors more than it has, until the end of the scope.
class FewDescriptors {
 public:
  FewDescriptors() {
    int highest = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      highest = std::max(highest, std::stoi(entry.path().filename()));
    }
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lower{static_cast<rlim_t>(highest) + 200, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &lower);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// A model that accepted for ever would not answer `old`; one that slept would, but slowly.
TEST_P(Conformance, GoesOnWhenDescriptorsRunOut) {
  server_.reset();
  const FewDescriptors few;  // an accept that io_uring holds keeps the limit that it began with
  server_.emplace(GetParam());
  TcpClient old(port());
  ASSERT_TRUE(old.send(get));
  ASSERT_EQ(mask_dates(old.receive(hello.size())), hello);
  std::vector<os::UniqueFd> late;
  for (int i = 0; i < 8; ++i) late.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  {
    const os::Address address = os::resolve("127.0.0.1", port());
    std::vector<os::UniqueFd> taken;
    while (os::UniqueFd fd{::fcntl(old.fd(), F_DUPFD_CLOEXEC, 0)}) taken.push_back(std::move(fd));
    for (const os::UniqueFd& fd : late) {
      ASSERT_EQ(::connect(fd.get(), address.get(), address.length), 0);
      for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(old.send(get));
        ASSERT_EQ(mask_dates(old.receive(hello.size())), hello);
      }
    }
  }
  EXPECT_EQ(answer(get), hello);
  EXPECT_GT(server_->stop().accept_refused, 0U);
}

// The first worker serves; where there are others, the second one cannot.
TEST_P(Conformance, EndsWithAnErrorWhenAWorkerCannotStart) {
  std::vector<int> cpus{4095};
  if (GetParam().threads > 1) cpus.insert(cpus.begin(), os::allowed_cpus().front());
  Server server(GetParam(), cpus);
  const os::UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const os::Address address = os::resolve("127.0.0.1", server.port());
  ::connect(client.get(), address.get(), address.length);  // in time, or refused
  EXPECT_THROW(server.stop(), std::system_error);
}

// Enough for more than one round of completions.
TEST_P(Conformance, AnswersAllThatArrivedBeforeAStop) {
  std::vector<std::unique_ptr<TcpClient>> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(std::make_unique<TcpClient>(port()));
  for (const auto& client : clients) {
    ASSERT_TRUE(client->send(get));
    ASSERT_EQ(mask_dates(client->receive(hello.size())), hello);
  }
  for (const auto& client : clients) ASSERT_TRUE(client->send(get));
  for (const auto& client : clients) {
    int unacknowledged = 1;  // tcp(7), SIOCOUTQ: sent, but not in the server's socket yet
    while (unacknowledged > 0) ASSERT_EQ(::ioctl(client->fd(), SIOCOUTQ, &unacknowledged), 0);
  }
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
    auto client = std::make_unique<TcpClient>(port());
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
  TcpClient idle(port());
  TcpClient used(port());
  used.send(get);
  EXPECT_EQ(mask_dates(used.receive(hello.size())), hello);
  const Counters counters = server_->stop();
  EXPECT_EQ(counters.requests, 1U);
  EXPECT_EQ(counters.accepts, 2U);
  EXPECT_EQ(idle.receive_all(), "");
  EXPECT_EQ(used.receive_all(), "");
}

TEST_P(Conformance, FinishesWhatWasReceivedWhenStopped) {
  TcpClient half(port());
  half.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbo");
  TcpClient whole(port());
  whole.send(get);
  std::this_thread::sleep_for(
      std::chrono::milliseconds(100));  // for the half request to be received
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
      TcpClient client(port());
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

// 10,000 seeded random streams, good and bad, cut at random places, over every backend of this
// binary: each gets the bytes that the connection core alone gives for the whole stream, so all
// backends agree, those of other binaries too.
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

TEST(Backends, GiveTheSameBytesForTenThousandRandomStreams) {
  constexpr int streams = 10'000;
  std::vector<std::pair<std::string, std::string>> all;
  std::mt19937_64 random(20'261'123);
  for (int i = 0; i < streams; ++i) {
    std::string stream = random_stream(random);
    std::string answers = mask_dates(answer_of_the_core(stream));
    all.emplace_back(std::move(stream), std::move(answers));
  }
  for (const Backend* backend : all_backends()) {
    if (backend->run == nullptr || !backend->probe().available) continue;
    const Case how{backend, backend->sharings.front(), 2};
    const Server server(how);
    std::vector<std::jthread> clients;
    std::atomic<int> wrong{0};
    for (int client = 0; client < 2; ++client) {
      clients.emplace_back([&, client] {
        std::mt19937_64 cuts(static_cast<std::uint64_t>(client));
        for (std::size_t i = static_cast<std::size_t>(client); i < all.size(); i += 2) {
          TcpClient peer(server.port());
          os::set_no_delay(peer.fd());
          for (const std::string_view piece : test::cut_at_random(all[i].first, cuts))
            peer.send(piece);
          peer.finish_sending();
          wrong += mask_dates(peer.receive_all()) == all[i].second ? 0 : 1;
        }
      });
    }
    clients.clear();
    EXPECT_EQ(wrong.load(), 0) << backend->name;
  }
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Backend* backend : all_backends()) {
    if (backend->run == nullptr) continue;  // in another binary, with a suite of its own
    for (const Sharing sharing : backend->sharings) {
      for (const unsigned threads : {1U, 4U}) all.push_back({backend, sharing, threads});
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Backends, Conformance, testing::ValuesIn(cases()), [](const auto& test) {
  std::string name = std::string(test.param.backend->name) + "_" +
                     std::string(to_string(test.param.sharing)) + "_" +
                     std::to_string(test.param.threads);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace duelio
