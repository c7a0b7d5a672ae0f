// --requests: a window that ends by count, so that what is seen in it depends on no machine's
// speed.
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "loadgen/command_line.h"
#include "loadgen/live_line.h"
#include "loadgen/run.h"
#include "loadgen/verdict.h"
#include "tests/loadgen/fault_server.h"

namespace duelio::loadgen {
namespace {

Options bounded(std::uint16_t port, bool open_loop, std::uint64_t requests) {
  Options options = options_for(port, open_loop);
  options.requests = requests;
  if (open_loop) options.rate = 5000;
  return options;
}

Result run(const Options& options) {
  Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_TRUE(is_conserved(result.tally, options.rate.has_value()));
  return result;
}

void expect_to_the_last_one(unsigned threads) {
  for (const bool open_loop : {false, true}) {
    for (const std::uint64_t requests : {3U, 4U, 100U, 1001U}) {
      const FaultServer server(answer_all);
      Options options = bounded(server.port(), open_loop, requests);
      options.threads = threads;
      options.connections = 7;
      const Result result = run(options);
      EXPECT_EQ(result.tally.sent, requests);
      EXPECT_EQ(result.tally.completed, requests);
      EXPECT_GT(result.measured_s, 0);
      EXPECT_TRUE(judge(options, result).usable);
    }
  }
}

TEST(Requests, AreSentToTheLastOneAndNotOneMore) {
  expect_to_the_last_one(1);
}

TEST(Threads, ShareTheRequests) {
  expect_to_the_last_one(3);
}

TEST(Requests, OfAPipelineEndInItsMiddle) {
  const FaultServer server([](int fd) {
    std::string bytes;
    std::array<char, 4096> buffer;
    for (ssize_t n = 0; (n = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
      bytes.append(buffer.data(), static_cast<std::size_t>(n));
      for (std::size_t end = 0; (end = bytes.find("\r\n\r\n")) != std::string::npos;) {
        bytes.erase(0, end + 4);
        send_text(fd, ok_answer);
      }
    }
  });
  Options options = bounded(server.port(), false, 101);
  options.pipeline = 16;
  EXPECT_EQ(run(options).tally.completed, 101U);
}

TEST(Requests, CountWhenTheyFail) {
  for (const bool open_loop : {false, true}) {
    const FaultServer server([](int fd) { read_request(fd); });
    const Result result = run(bounded(server.port(), open_loop, 50));
    EXPECT_EQ(result.tally.sent + result.tally.unsent, 50U);
    EXPECT_EQ(result.tally.completed, 0U);
  }
}

// Half are answered at once; what a server does not answer must not better its percentiles.
TEST(Requests, ThatFailAreInTheRecordAsNoFasterThanTheTimeout) {
  for (const bool open_loop : {false, true}) {
    const FaultServer server([](int fd) {
      if (read_request(fd)) send_text(fd, ok_answer);
      if (read_request(fd)) send_text(fd, "HTTP/1.1 200");
    });
    Options options = bounded(server.port(), open_loop, 60);
    const Tally tally = run(options).tally;
    EXPECT_GT(tally.completed, 0U);
    EXPECT_GT(tally.request_errors, 0U);
    EXPECT_EQ(tally.latency.count(), 60U);
    std::uint64_t slow = 0;
    tally.latency.for_each([&](std::uint64_t lower, std::uint64_t, std::uint64_t count) {
      slow += lower > 59'000'000'000U ? count : 0;
    });
    EXPECT_EQ(slow, tally.request_errors);
  }
}

// No request can be started, so none can be the last.
TEST(Requests, OfAServerThatIsGoneEndAfterTheTimeout) {
  for (const bool open_loop : {false, true}) {
    std::atomic<bool> measuring{false};
    std::atomic<int> served{0};  // in the window
    auto server = std::make_unique<FaultServer>([&](int fd) {
      while (served < 100 && read_request(fd)) {
        if (measuring) ++served;
        send_text(fd, ok_answer);
      }
    });
    Options options = bounded(server->port(), open_loop, open_loop ? 1000 : 1'000'000);
    options.timeout = std::chrono::seconds(1);
    const std::jthread killer([&] {
      while (served < 100) std::this_thread::yield();
      server.reset();
    });
    const Result result = run_load(options, [&](std::string_view phase, std::int64_t) {
      if (phase == "measure") measuring = true;
    });
    EXPECT_TRUE(is_conserved(result.tally, open_loop));
    // In the open loop the server may have been kept busy with what fell due before the window.
    EXPECT_TRUE(open_loop || result.tally.completed > 0);
    EXPECT_GT(result.tally.count(ErrorClass::connect), 0U);
    EXPECT_FALSE(judge(options, result).usable);
  }
}

TEST(Requests, AreAWordOfTheCommandLine) {
  const auto parse = [](std::vector<const char*> words) {
    words.insert(words.begin(), "duelio-loadgen");
    words.push_back("http://127.0.0.1:8000/");
    return parse_command_line(static_cast<int>(words.size()), words.data());
  };
  EXPECT_EQ(parse({"--requests", "20k"})->options.requests, 20'000U);
  EXPECT_EQ(parse({})->options.requests, 0U);
  EXPECT_THROW(parse({"--requests", "0"}), cli::UsageError);
  EXPECT_THROW(parse({"--requests", "5", "--duration", "10s"}), cli::UsageError);
  EXPECT_THROW(parse({"--requests", "5", "--find-max-rate", "p99<1ms"}), cli::UsageError);
  EXPECT_THROW(parse({"--requests", "5", "--threads", "6"}), cli::UsageError);
}

TEST(LiveLine, SaysHowManyRequestsAreLeft) {
  EXPECT_EQ(live_text({.rate = 10, .left_requests = 1234}),
            "10/s  p99 -  0 errors  1.23 k requests left");
}

}  // namespace
}  // namespace duelio::loadgen
