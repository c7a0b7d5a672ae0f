// Servers that misbehave in one way each: every request ends in its class, the books balance to the
// last one, and the run ends.
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/os/socket.h"
#include "loadgen/report.h"
#include "loadgen/run.h"

namespace duelio::loadgen {
namespace {

const std::string ok = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nHello";

// Calls serve(fd) for each connection in a thread of its own, and closes it when that returns.
class FaultServer {
 public:
  using Serve = std::function<void(int fd)>;
  explicit FaultServer(Serve serve)
      : listener_(os::listen_on(os::resolve("127.0.0.1", 0), {})),
        serve_(std::move(serve)),
        acceptor_([this] { accept(); }) {}
  FaultServer(const FaultServer&) = delete;
  FaultServer& operator=(const FaultServer&) = delete;
  ~FaultServer() { stopping_ = true; }
  std::uint16_t port() const { return os::local_address(listener_.get()).port(); }

 private:
  void accept() {
    std::vector<std::jthread> connections;
    while (!stopping_) {
      pollfd ready{listener_.get(), POLLIN, 0};
      if (::poll(&ready, 1, 20) <= 0) continue;
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      connections.emplace_back([this, fd] {
        const os::UniqueFd owned(fd);
        const timeval limit{0, 700'000};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        serve_(fd);
      });
    }
  }
  os::UniqueFd listener_;
  Serve serve_;
  std::atomic<bool> stopping_{false};
  std::jthread acceptor_;
};

bool read_request(int fd) {
  std::array<char, 4096> buffer;
  return ::recv(fd, buffer.data(), buffer.size(), 0) > 0;
}
void send_text(int fd, std::string_view text) {
  ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}
FaultServer::Serve answers(const std::string& text) {
  return [text](int fd) {
    while (read_request(fd)) send_text(fd, text);
  };
}

Options options_for(std::uint16_t port, bool open_loop) {
  Options options;
  options.url = "http://127.0.0.1:" + std::to_string(port) + "/";
  options.host = "127.0.0.1";
  options.port = port;
  options.connections = 4;
  options.duration = std::chrono::milliseconds(300);
  options.timeout = std::chrono::milliseconds(200);
  if (open_loop) options.rate = 200;
  return options;
}

std::uint64_t count_of(const Tally& tally, ErrorClass wanted) {
  std::uint64_t sum = 0;
  for (const auto& [kind, count] : tally.errors) sum += kind.first == wanted ? count : 0;
  return sum;
}

struct Fault {
  std::string name;
  FaultServer::Serve serve;
  ErrorClass kind;
};

std::vector<Fault> faults() {
  return {
      {"ClosesAtOnce", [](int fd) { read_request(fd); }, ErrorClass::closed_early},
      {"Resets",
       [](int fd) {
         read_request(fd);
         const linger abortive{.l_onoff = 1, .l_linger = 0};
         setsockopt(fd, SOL_SOCKET, SO_LINGER, &abortive, sizeof abortive);
       },
       ErrorClass::reset},
      {"AnswersGarbage", answers("what?\r\n\r\n"), ErrorClass::malformed},
      {"AnswersHalfAndHangs",
       [](int fd) {
         read_request(fd);
         send_text(fd, ok.substr(0, ok.size() - 3));
         read_request(fd);
       },
       ErrorClass::timeout},
      {"NeverAnswers",
       [](int fd) {
         while (read_request(fd)) {
         }
       },
       ErrorClass::timeout},
      {"AnswersHalfAndCloses",
       [](int fd) {
         read_request(fd);
         send_text(fd, ok.substr(0, 10));
       },
       ErrorClass::closed_early},
      {"Answers500", answers("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n"), ErrorClass::status},
      {"SendsMoreThanItSaid", answers(ok + "!"), ErrorClass::excess},
  };
}

class Faults : public testing::TestWithParam<std::tuple<Fault, bool>> {};

TEST_P(Faults, AreCountedInTheirClassAndNothingIsLost) {
  const auto& [fault, open_loop] = GetParam();
  const FaultServer server(fault.serve);
  const Options options = options_for(server.port(), open_loop);
  const Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_TRUE(is_conserved(result.tally, open_loop));
  EXPECT_GT(result.tally.sent, 0U);
  EXPECT_GT(count_of(result.tally, fault.kind), 0U);
  if (fault.kind != ErrorClass::excess) {
    EXPECT_EQ(result.tally.completed, 0U);
    EXPECT_FALSE(judge(options, result).usable);
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, Faults,
                         testing::Combine(testing::ValuesIn(faults()), testing::Bool()),
                         [](const auto& test) {
                           return std::get<0>(test.param).name +
                                  (std::get<1>(test.param) ? "OpenLoop" : "ClosedLoop");
                         });

TEST(Faults, AServerThatPausesCostsLatencyNotRequests) {
  std::atomic<int> served{0};
  const FaultServer server([&served](int fd) {
    while (read_request(fd)) {
      if (++served == 10) std::this_thread::sleep_for(std::chrono::milliseconds(120));
      send_text(fd, ok);
    }
  });
  Options options = options_for(server.port(), true);
  options.connections = 1;
  const Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_TRUE(is_conserved(result.tally, true));
  EXPECT_EQ(result.tally.request_errors, 0U);
  EXPECT_GE(result.tally.latency.max(), 110'000'000U);
  // The requests that were due during the pause waited too: a closed loop would have seen one slow
  // answer.
  EXPECT_GE(result.tally.latency.quantile(0.9), 10'000'000U);
}

TEST(Faults, ARefusedConnectionNamesTheAddress) {
  std::uint16_t port = 0;
  {
    const os::UniqueFd listener = os::listen_on(os::resolve("127.0.0.1", 0), {});
    port = os::local_address(listener.get()).port();
  }
  try {
    run_load(options_for(port, false), [](std::string_view, std::int64_t) {});
    FAIL() << "connected to a closed port";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("127.0.0.1:" + std::to_string(port)),
              std::string::npos);
    EXPECT_EQ(error.code().value(), ECONNREFUSED);
  }
}

TEST(Faults, AServerThatAnnouncesTheEndIsConnectedAnew) {
  const FaultServer server([](int fd) {
    if (read_request(fd))
      send_text(fd, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  });
  const Options options = options_for(server.port(), false);
  const Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_TRUE(is_conserved(result.tally, false));
  EXPECT_GT(result.tally.completed, 4U);
  EXPECT_GT(result.tally.reconnects, 0U);
  EXPECT_EQ(result.tally.request_errors, 0U);
}

}  // namespace
}  // namespace duelio::loadgen
