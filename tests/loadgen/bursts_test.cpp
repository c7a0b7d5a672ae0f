// What the open loop sends when several requests fall due together, and on which connections.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "common/os/cpu.h"
#include "loadgen/generator.h"
#include "loadgen/run.h"
#include "loadgen/verdict.h"
#include "tests/loadgen/fault_server.h"

namespace duelio::loadgen {
namespace {

std::size_t heads_in(std::string_view bytes) {
  std::size_t heads = 0;
  for (std::size_t at = 0; (at = bytes.find("\r\n\r\n", at)) != std::string_view::npos; at += 4)
    ++heads;
  return heads;
}

// Receives once; how many whole requests came, 0 at the end of the stream.
std::size_t receive_requests(int fd) {
  std::array<char, 65536> buffer;
  const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (n <= 0) return 0;
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(n));
  EXPECT_TRUE(bytes.ends_with("\r\n\r\n"));
  return heads_in(bytes);
}

Options bursts_for(std::uint16_t port, unsigned pipeline, std::uint64_t requests) {
  Options options = options_for(port, true);
  options.pipeline = pipeline;
  options.requests = requests;
  options.rate = 4000;
  options.timeout = std::chrono::seconds(60);  // nothing here waits for it
  return options;
}

Result run(const Options& options) {
  Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_TRUE(is_conserved(result.tally, true));
  EXPECT_EQ(result.tally.scheduled, options.requests);
  EXPECT_EQ(result.tally.completed, options.requests);
  return result;
}

// A connection holds one burst at a time, so what one receive brings is what one send took.
TEST(Bursts, AreOneSendOnOneConnection) {
  std::mutex mutex;
  std::map<std::size_t, int> received;  // how often so many requests came together
  const FaultServer server([&](int fd) {
    while (const std::size_t requests = receive_requests(fd)) {
      {
        const std::lock_guard lock(mutex);
        ++received[requests];
      }
      for (std::size_t i = 0; i < requests; ++i) send_text(fd, ok_answer);
    }
  });
  const Result result = run(bursts_for(server.port(), 16, 1003));
  EXPECT_EQ(result.tally.dispatch_lag.count(), 1003U);
  const std::lock_guard lock(mutex);
  // The rest of the count falls due as one that is shorter.
  EXPECT_EQ(received[11], 1);
  EXPECT_GE(received[16], 62);
  EXPECT_EQ(received.size(), 2U);
}

TEST(Bursts, ThatFindNoConnectionWaitAndStayWhole) {
  std::atomic<bool> whole{true};
  const FaultServer server([&](int fd) {
    while (const std::size_t requests = receive_requests(fd)) {
      if (requests != 4) whole = false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      for (std::size_t i = 0; i < requests; ++i) send_text(fd, ok_answer);
    }
  });
  Options options = bursts_for(server.port(), 4, 200);
  options.connections = 1;
  options.rate = 400'000;  // all due within half of the first answer's millisecond
  const Result result = run(options);
  EXPECT_GT(result.tally.had_to_wait, 0U);
  EXPECT_EQ(result.tally.had_to_wait % 4, 0U);
  EXPECT_TRUE(whole);
}

// A machine without time may begin the loop long after the time that it was given.
TEST(OpenLoop, ThatBeginsLateHasNoRequestsFromBefore) {
  std::atomic<std::size_t> received{0};
  const FaultServer server([&](int fd) {
    while (const std::size_t requests = receive_requests(fd)) {
      received += requests;
      for (std::size_t i = 0; i < requests; ++i) send_text(fd, ok_answer);
    }
  });
  Options options = options_for(server.port(), true);
  Generator generator(options);
  const std::atomic<bool> interrupted{false};
  generator.connect(interrupted);
  Plan plan;
  plan.start = plan.measure = os::monotonic_ns() - 3'600'000'000'000;
  generator.run(options, plan, interrupted, {});
  const Tally& tally = generator.workers().front().tally();
  EXPECT_EQ(tally.completed, options.requests);
  EXPECT_LT(received, 100'000U);  // an hour's would be 7,200,000
}

TEST(Bursts, GoOnElsewhereWhenAConnectionHasItsLastRequest) {
  const FaultServer server([](int fd) {
    std::string bytes;
    std::array<char, 4096> buffer;
    for (ssize_t n = 0; (n = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
      bytes.append(buffer.data(), static_cast<std::size_t>(n));
      for (std::size_t end = 0; (end = bytes.find("\r\n\r\n")) != std::string::npos;) {
        const bool last = bytes.substr(0, end).find("connection: close") != std::string::npos;
        bytes.erase(0, end + 4);
        send_text(fd, ok_answer);
        if (!last) continue;
        EXPECT_TRUE(bytes.empty());
        return;
      }
    }
  });
  for (const unsigned per_connection : {1U, 4U, 6U}) {
    Options options = bursts_for(server.port(), 4, 400);
    options.requests_per_connection = per_connection;
    const Result result = run(options);
    EXPECT_GT(result.tally.reconnects, 0U);
    EXPECT_EQ(result.tally.request_errors, 0U);
  }
}

// How often each connection was used, in the order in which they were accepted.
std::map<int, unsigned> uses(ConnectionChoice choice, std::uint64_t requests) {
  std::mutex mutex;
  std::map<int, unsigned> used;
  const FaultServer server([&](int fd) {
    while (receive_requests(fd) > 0) {
      {
        const std::lock_guard lock(mutex);
        ++used[fd];
      }
      send_text(fd, ok_answer);
    }
  });
  Options options = bursts_for(server.port(), 1, requests);
  options.connections = 8;
  options.connection_choice = choice;
  run(options);
  const std::lock_guard lock(mutex);
  return used;
}

TEST(ConnectionChoice, AtRandomUsesAllButNotInTurn) {
  const auto used = uses(ConnectionChoice::random, 400);
  EXPECT_EQ(used.size(), 8U);
  const auto [least, most] = std::minmax_element(
      used.begin(), used.end(), [](auto& one, auto& other) { return one.second < other.second; });
  // In turn they would differ by one or so; 400 throws of a die of eight do by 18 on average.
  EXPECT_GT(most->second, least->second + 4);
}

TEST(ConnectionChoice, OfTheLongestUnusedTakesEachBeforeAnyTwice) {
  EXPECT_EQ(uses(ConnectionChoice::longest_unused, 8).size(), 8U);
}

}  // namespace
}  // namespace duelio::loadgen
