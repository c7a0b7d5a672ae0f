// Servers that misbehave in one way each: every request ends in its class, the books balance to the
// last one, and the run ends.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <latch>
#include <map>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "common/os/socket.h"
#include "loadgen/live_line.h"
#include "loadgen/run.h"
#include "loadgen/verdict.h"
#include "loadgen/worker.h"
#include "tests/loadgen/fault_server.h"

namespace duelio::loadgen {
namespace {

struct Fault {
  std::string name;
  FaultServer::Serve serve;
  ErrorClass kind;
};

void PrintTo(const Fault& fault, std::ostream* out) {  // GoogleTest's name for it
  *out << fault.name;
}

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
         send_text(fd, ok_answer.substr(0, ok_answer.size() - 3));
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
         send_text(fd, ok_answer.substr(0, 10));
       },
       ErrorClass::closed_early},
      {"Answers500", answers("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n"), ErrorClass::status},
      {"AnswersAnotherBody", answers("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
       ErrorClass::body},
      {"SendsMoreThanItSaid", answers(ok_answer + "!"), ErrorClass::excess},
      {"SendsMoreBehindItsLastAnswer",
       [](int fd) {
         read_request(fd);
         send_text(fd, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nHello!");
       },
       ErrorClass::excess},
  };
}

class Faults : public testing::TestWithParam<std::tuple<Fault, bool>> {};

TEST_P(Faults, AreCountedInTheirClassAndNothingIsLost) {
  const auto& [fault, open_loop] = GetParam();
  const FaultServer server(fault.serve);
  Options options = options_for(server.port(), open_loop);
  if (fault.kind == ErrorClass::timeout) {
    // Some requests fall due so long before the window ends that they time out before it is left.
    options.timeout = std::chrono::seconds(1);
    if (open_loop) options.rate = 20;
    options.requests = open_loop ? 60 : 12;
  }
  const Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_TRUE(is_conserved(result.tally, open_loop));
  EXPECT_GT(result.tally.sent, 0U);
  EXPECT_FALSE(judge(options, result).usable);
  EXPECT_GT(result.tally.count(fault.kind), 0U);
  if (fault.kind == ErrorClass::excess) {
    EXPECT_GT(result.tally.completed, 0U);
  } else {
    EXPECT_EQ(result.tally.completed, 0U);
    EXPECT_EQ(result.tally.request_errors, result.tally.count(fault.kind));
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
      send_text(fd, ok_answer);
    }
  });
  Options options = options_for(server.port(), true);
  options.connections = 1;
  options.rate = 200;
  const Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_TRUE(is_conserved(result.tally, true));
  EXPECT_EQ(result.tally.request_errors, 0U);
  EXPECT_GE(result.tally.latency.max(), 110'000'000U);
  // The requests that were due during the pause waited too: a closed loop would have seen one slow
  // answer.
  EXPECT_GE(result.tally.latency.quantile(0.9), 10'000'000U);
  // They waited for the connection.
  EXPECT_GT(result.tally.had_to_wait, 0U);
  EXPECT_EQ(result.tally.dispatch_lag.count(), result.tally.scheduled);
  EXPECT_LT(result.tally.dispatch_lag.mean(), result.tally.send_lag.mean());
}

TEST(Faults, ShowInTheProgress) {
  const FaultServer server(answers("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n"));
  Options options = options_for(server.port(), true);
  options.rate = 200;
  options.requests = 0;
  options.duration = std::chrono::seconds(3);  // for two looks, a quarter of a second apart
  std::vector<Progress> seen;
  const Result result = run_load(
      options, [](std::string_view, std::int64_t) {},
      [&](const Progress& progress) { seen.push_back(progress); });
  ASSERT_GE(seen.size(), 2U);
  EXPECT_GT(seen.back().errors, 0U);
  EXPECT_LE(seen.back().errors, result.tally.request_errors);
  EXPECT_GE(seen.back().errors, seen.front().errors);
  EXPECT_LT(seen.back().left_s, seen.front().left_s);
  EXPECT_EQ(seen.back().rate, 0);  // nothing completed as it should
}

TEST(LiveLine, SaysWhatMatters) {
  EXPECT_EQ(live_text({.rate = 12'340, .p99_ns = 1'200'000, .errors = 3, .left_s = 6.2}),
            "12.3 k/s  p99 1.20 ms  3 errors  7 s left");
  EXPECT_EQ(live_text({.rate = 0, .left_s = 1}), "0/s  p99 -  0 errors  1 s left");
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

// A listener whose queue is full drops what comes: connections never open and never fail.
TEST(Faults, AConnectionThatNeverOpensTimesOut) {
  const os::UniqueFd listener = os::listen_on(os::resolve("127.0.0.1", 0), {.backlog = 1});
  const os::Address address = os::local_address(listener.get());
  std::vector<os::UniqueFd> queued;
  for (int i = 0; i < 4; ++i) {
    queued.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(queued.back().get(), address.get(), address.length);
  }
  try {
    Options options = options_for(address.port(), false);
    options.timeout = std::chrono::milliseconds(200);
    run_load(options, [](std::string_view, std::int64_t) {});
    FAIL() << "connected to a full queue";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ETIMEDOUT);
  }
}

TEST(Faults, AResponseIsReadThoughItsServerResetsTheConnectionBehindIt) {
  const FaultServer server([](int fd) {
    std::array<char, 1> one;
    if (::recv(fd, one.data(), one.size(), 0) != 1) return;
    send_text(fd, "HTTP/1.1 413 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  });  // closes with bytes unread: a reset
  Options options = options_for(server.port(), false);
  options.verify_body = false;
  options.expect_status = 413;
  options.method = "POST";
  options.body_bytes = options.body_bytes_max = 1 << 20;
  const Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_EQ(result.tally.completed, 40U);
  EXPECT_TRUE(result.tally.errors.empty());
}

TEST(Faults, ResponsesEndedByCloseComplete) {
  for (const std::string head :
       {"HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nserver: x\r\n\r\n"}) {
    for (const unsigned pipeline : {1U, 4U}) {
      const FaultServer server([head](int fd) {
        if (read_request(fd)) send_text(fd, head + "Hello");
      });
      Options options = options_for(server.port(), false);
      options.pipeline = pipeline;
      const Result result = run_load(options, [](std::string_view, std::int64_t) {});
      EXPECT_TRUE(is_conserved(result.tally, false));
      EXPECT_EQ(result.tally.completed, 40U);
      EXPECT_EQ(result.tally.resent > 0, pipeline > 1);
      EXPECT_TRUE(result.tally.errors.empty());
    }
  }
}

TEST(Faults, AResponseThatIsNoneIsRefusedWithItsReason) {
  const FaultServer server(answers("HTTP/1.1 200 OK\ncontent-length: 0\n\n"));
  const Result result =
      run_load(options_for(server.port(), false), [](std::string_view, std::int64_t) {});
  const std::map<std::pair<ErrorClass, int>, std::uint64_t> wanted{
      {{ErrorClass::malformed, static_cast<int>(Flaw::line_feed_in_status_line)}, 40}};
  EXPECT_EQ(result.tally.errors, wanted);
  EXPECT_EQ(result.tally.first_refused.at(Flaw::line_feed_in_status_line), 15U);
}

// 127.0.0.9 is an address of this host that nobody listens on.
TEST(Faults, EachAddressOfANameIsTried) {
  const FaultServer server(answer_all);
  const std::vector<os::Address> addresses{os::resolve("127.0.0.9", server.port()),
                                           os::resolve("127.0.0.1", server.port()),
                                           os::resolve("127.0.0.8", server.port())};
  const Options options = options_for(server.port(), false);
  Worker worker(options, addresses, 0, 0);
  worker.connect_all(false);
  EXPECT_EQ(worker.active_connections(), 4U);
  EXPECT_EQ(worker.tally().errors.size(), 0U);
  const auto& uses = worker.address_uses();
  EXPECT_EQ(uses[0].opened, 0U);
  EXPECT_EQ(uses[0].first_error, ECONNREFUSED);
  EXPECT_EQ(uses[1].opened, 4U);
  EXPECT_EQ(uses[1].first_error, 0);
  EXPECT_EQ(uses[2].opened, 0U);
  EXPECT_EQ(uses[2].first_error, 0);
}

TEST(Faults, AnAddressThatNeverRespondsIsLeftAfterTheTimeout) {
  const os::UniqueFd listener = os::listen_on(os::resolve("127.0.0.1", 0), {.backlog = 1});
  const os::Address silent = os::local_address(listener.get());
  std::vector<os::UniqueFd> queued;
  for (int i = 0; i < 4; ++i) {
    queued.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(queued.back().get(), silent.get(), silent.length);
  }
  const FaultServer server(answer_all);
  const std::vector<os::Address> addresses{silent, os::resolve("127.0.0.1", server.port())};
  Options options = options_for(server.port(), false);
  options.timeout = std::chrono::milliseconds(300);
  Worker worker(options, addresses, 0, 0);
  worker.connect_all(false);
  EXPECT_EQ(worker.active_connections(), 4U);
  EXPECT_EQ(worker.address_uses()[0].first_error, ETIMEDOUT);
}

TEST(Faults, AServerThatHangsUpOnAllWhoComeDoesNotMakeTheGeneratorSpin) {
  std::atomic<int> accepted{0};
  const FaultServer server([&accepted](int /*fd*/) { ++accepted; });
  Options options = options_for(server.port(), true);
  options.rate = 20;
  options.requests = 10;
  const std::int64_t begin = os::monotonic_ns();
  const Result result = run_load(options, [](std::string_view, std::int64_t) {});
  const std::int64_t ticks = (os::monotonic_ns() - begin) / 50'000'000;
  EXPECT_TRUE(is_conserved(result.tally, true));
  EXPECT_EQ(result.tally.completed, 0U);
  // At each tick, and after each request that failed.
  EXPECT_LE(accepted, 4 * (ticks + 2) + 10);
}

TEST(Faults, AServerThatDoesNotCloseWhatItWasAskedToIsCounted) {
  const FaultServer server(answers(ok_answer));
  Options options = options_for(server.port(), false);
  options.requests_per_connection = 1;
  options.requests = 8;
  options.timeout = std::chrono::seconds(1);
  const Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_TRUE(is_conserved(result.tally, false));
  EXPECT_EQ(result.tally.completed, 8U);
  EXPECT_GT(result.tally.count(ErrorClass::unclosed), 0U);
  EXPECT_EQ(result.tally.request_errors, 0U);
}

TEST(Faults, AMissingIdleConnectionMakesTheRunUnusable) {
  const FaultServer server(answer_all);
  Options options = options_for(server.port(), false);
  options.idle_connections = 3;
  Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_EQ(result.tally.established_beside, 3U);
  EXPECT_TRUE(judge(options, result).usable);
  --result.tally.established_beside;
  EXPECT_FALSE(judge(options, result).usable);
}

}  // namespace
}  // namespace duelio::loadgen
