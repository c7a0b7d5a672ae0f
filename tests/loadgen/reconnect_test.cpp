// Servers that end connections, by the rules or against them: the next request finds a new one, and
// what the rules leave unanswered is sent again.
#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "common/os/socket.h"
#include "loadgen/run.h"
#include "loadgen/verdict.h"
#include "tests/loadgen/fault_server.h"

namespace duelio::loadgen {
namespace {

// RFC 9112 section 9.6: what was in flight behind the last answer was not processed.
TEST(Reconnects, AServerThatEndsAPipelineIsConnectedAnew) {
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
TEST(Reconnects, RequestsOfAConnectionThatWasOfUseAreSentAgain) {
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
TEST(Reconnects, ARequestWhoseResponseHasBegunIsNotSentAgain) {
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
TEST(Reconnects, RequestsThatCannotBeSentAgainTimeOut) {
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

TEST(Reconnects, AServerThatAnnouncesTheEndIsConnectedAnew) {
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
TEST(Reconnects, AServerThatResetsAllItsConnectionsIsConnectedAnew) {
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
TEST(Reconnects, AServerThatRefusesABodyBeforeItHasComeIsConnectedAnew) {
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
TEST(Reconnects, AServerThatAnswersBeforeTheBodyHasComeGetsTheNextRequest) {
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

}  // namespace
}  // namespace duelio::loadgen
