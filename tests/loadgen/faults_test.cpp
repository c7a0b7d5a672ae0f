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

// RFC 9112 section 9.6: what was in flight behind the last answer was not processed.
TEST(Faults, AServerThatEndsAPipelineIsConnectedAnew) {
  const FaultServer server([](int fd) {
    if (read_request(fd))
      send_text(fd, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  });
  Options options = options_for(server.port(), false);
  options.verify_body = false;
  options.pipeline = 16;
  options.requests = 192;
  const Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_TRUE(is_conserved(result.tally, false));
  EXPECT_EQ(result.tally.completed, 192U);
  EXPECT_GT(result.tally.resent, 0U);
  EXPECT_TRUE(result.tally.errors.empty());
}

// RFC 9112 sections 9.3.2 and 9.5: without a word, between two responses.
TEST(Faults, RequestsOfAConnectionThatWasOfUseAreSentAgain) {
  for (const bool open_loop : {false, true}) {
    for (const bool resets : {false, true}) {
      for (const unsigned pipeline : {1U, 5U}) {
        std::atomic<unsigned> ended{0};
        const FaultServer server([&](int fd) {
          if (!read_request(fd)) return;
          send_text(fd, ok_answer);
          if (pipeline == 1 && !read_request(fd)) return;
          ++ended;
          const linger abortive{.l_onoff = 1, .l_linger = 0};
          if (resets && pipeline == 1)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &abortive, sizeof abortive);
        });
        Options options = options_for(server.port(), open_loop);
        options.pipeline = pipeline;
        const Result result = run_load(options, [](std::string_view, std::int64_t) {});
        EXPECT_TRUE(is_conserved(result.tally, open_loop));
        EXPECT_EQ(result.tally.completed, 40U);
        EXPECT_TRUE(result.tally.errors.empty());
        EXPECT_GT(result.tally.resent, 0U);
        EXPECT_LE(result.tally.resent, ended * pipeline);
        EXPECT_TRUE(judge(options, result).usable);
      }
    }
  }
}

// The response has begun, if only with an interim one: the request may have had its effect.
TEST(Faults, ARequestWhoseResponseHasBegunIsNotSentAgain) {
  for (const std::string begun : {"H", "HTTP/1.1 103 x\r\n\r\n"}) {
    const FaultServer server([begun](int fd) {
      if (read_request(fd)) send_text(fd, ok_answer);
      if (read_request(fd)) send_text(fd, begun);
    });
    const Result result =
        run_load(options_for(server.port(), false), [](std::string_view, std::int64_t) {});
    EXPECT_EQ(result.tally.resent, 0U);
    EXPECT_GT(result.tally.count(ErrorClass::closed_early), 0U);
    EXPECT_EQ(result.tally.completed + result.tally.request_errors, 40U);
  }
}

// The server goes while requests wait to be sent again: they end with their time.
TEST(Faults, RequestsThatCannotBeSentAgainTimeOut) {
  std::atomic<bool> gone{false};
  const FaultServer server([&gone](int fd) {
    if (!gone && read_request(fd)) send_text(fd, ok_answer);
    if (read_request(fd)) gone = true;  // and from then on no request is answered
    while (gone && read_request(fd)) {
    }
  });
  Options options = options_for(server.port(), false);
  options.requests = 12;
  options.pipeline = 2;
  options.timeout = std::chrono::seconds(1);
  const Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_TRUE(is_conserved(result.tally, false));
  EXPECT_GT(result.tally.count(ErrorClass::timeout), 0U);
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

TEST(Faults, AServerThatAnnouncesTheEndIsConnectedAnew) {
  const FaultServer server([](int fd) {
    if (read_request(fd))
      send_text(fd, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  });
  Options options = options_for(server.port(), false);
  options.verify_body = false;
  const Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_TRUE(is_conserved(result.tally, false));
  EXPECT_EQ(result.tally.completed, 40U);
  EXPECT_GE(result.tally.reconnects, 36U);
  EXPECT_EQ(result.tally.request_errors, 0U);
}

// Free connections that are reset together: one batch of events, in which a request finds a dead
// connection and opens it anew before the old one's event is looked at.
TEST(Faults, AServerThatResetsAllItsConnectionsIsConnectedAnew) {
  for (int trial = 0; trial < 5; ++trial) {
    constexpr int old = 32;
    std::atomic<int> accepted{0};
    std::atomic<int> served{0};
    std::latch all_reset(old);
    const os::UniqueFd reset_now(
        ::eventfd(0, EFD_CLOEXEC));  // readable for ever once it is written
    const FaultServer server([&](int fd) {
      const bool is_old = accepted++ < old;
      if (!is_old) all_reset.wait();  // so that the load cannot end before
      while (true) {
        std::array<pollfd, 2> ready{{{fd, POLLIN, 0}, {reset_now.get(), POLLIN, 0}}};
        ::poll(ready.data(), is_old ? 2 : 1, -1);
        if (is_old && ready[1].revents != 0) break;
        if (!read_request(fd)) return;
        send_text(fd, ok_answer);
        if (++served == 200) ::eventfd_write(reset_now.get(), 1);
      }
      const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
      ::connect(fd, &nobody, sizeof nobody);  // connect(2): dissolves the association, with a reset
      all_reset.count_down();
    });
    Options options = options_for(server.port(), true);
    options.connections = old;
    options.rate = 4000;
    options.requests = 1000;
    const Result result = run_load(options, [](std::string_view, std::int64_t) {});
    EXPECT_TRUE(is_conserved(result.tally, true));
    EXPECT_GE(result.tally.reconnects, 32U);
    EXPECT_EQ(result.tally.request_errors, result.tally.count(ErrorClass::reset));
    EXPECT_EQ(result.tally.scheduled, result.tally.completed + result.tally.request_errors);
  }
}

std::string read_head(int fd) {
  std::string head;
  for (char c = 0; !head.ends_with("\r\n\r\n") && ::recv(fd, &c, 1, 0) == 1;) head += c;
  return head;
}

// The rest of the body is not sent, nor anything else in its place; the server may close.
TEST(Faults, AServerThatRefusesABodyBeforeItHasComeIsConnectedAnew) {
  std::atomic<unsigned> waited{0};
  const FaultServer server([&waited](int fd) {
    read_head(fd);
    send_text(fd, "HTTP/1.1 413 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    const timeval quiet{0, 50'000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof quiet);
    std::array<char, 65536> buffer;
    const std::string body(buffer.size(), 'x');
    ssize_t n = 0;
    while ((n = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0) {
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(n));
      EXPECT_TRUE(bytes == std::string_view(body).substr(0, bytes.size()));
    }
    waited += n < 0 && errno == EAGAIN ? 1 : 0;
  });
  Options options = options_for(server.port(), false);
  options.verify_body = false;
  options.method = "POST";
  options.body_bytes = options.body_bytes_max = 8 << 20;
  const Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_TRUE(is_conserved(result.tally, false));
  EXPECT_GT(result.tally.reconnects, 0U);
  EXPECT_GT(waited, 0U);
  EXPECT_EQ(result.tally.request_errors, result.tally.count(ErrorClass::status));
}

// The last request of a connection follows when the body before it is on its way at last.
TEST(Faults, AServerThatAnswersBeforeTheBodyHasComeGetsTheNextRequest) {
  constexpr std::size_t body = 16 << 20;
  for (const bool open_loop : {false, true}) {
    const FaultServer server([](int fd) {
      for (int i = 0; i < 2; ++i) {
        if (read_head(fd).empty()) return;
        send_text(fd, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        std::vector<char> buffer(1 << 16);
        for (std::size_t left = body; left > 0;) {
          const ssize_t n = ::recv(fd, buffer.data(), std::min(left, buffer.size()), 0);
          if (n <= 0) return;
          left -= static_cast<std::size_t>(n);
        }
      }
    });
    Options options = options_for(server.port(), open_loop);
    options.verify_body = false;
    options.method = "POST";
    options.body_bytes = options.body_bytes_max = body;
    options.connections = 2;
    options.requests = 6;
    options.requests_per_connection = 2;
    const Result result = run_load(options, [](std::string_view, std::int64_t) {});
    EXPECT_TRUE(is_conserved(result.tally, open_loop));
    EXPECT_EQ(result.tally.completed, 6U);
    EXPECT_GT(result.tally.reconnects, 0U);
  }
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
