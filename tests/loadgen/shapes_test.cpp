// What the traffic looks like to the server.
#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include <gtest/gtest.h>

#include "common/os/socket.h"
#include "loadgen/run.h"
#include "loadgen/verdict.h"
#include "tests/loadgen/fault_server.h"

namespace duelio::loadgen {
namespace {

Result run(const Options& options) {
  const Result result = run_load(options, [](std::string_view, std::int64_t) {});
  EXPECT_TRUE(is_conserved(result.tally, options.rate.has_value()));
  return result;
}

std::uint64_t length_in(const std::string& head) {
  const std::string name = "content-length: ";
  const std::size_t at = head.find(name);
  return at == std::string::npos ? 0 : std::stoull(head.substr(at + name.size()));
}

// Reads a head and its body, and keeps what follows; false at the end of the stream.
bool take_request(int fd, std::string& bytes, std::string& head) {
  while (true) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end != std::string::npos) {
      head = bytes.substr(0, end + 4);
      const std::size_t size = head.size() + length_in(head);
      if (bytes.size() >= size) {
        // What comes after the head is the body and nothing else, or the framing is wrong.
        EXPECT_EQ(bytes.substr(head.size(), size - head.size()),
                  std::string(size - head.size(), 'x'));
        bytes.erase(0, size);
        return true;
      }
    }
    std::array<char, 4096> buffer;
    const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (n <= 0) return false;
    bytes.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

TEST(Shapes, BodiesAreDrawnFromTheirRangeAndFramedRight) {
  for (const auto& [pipeline, per_connection] : {std::pair{1U, 0U}, {3U, 0U}, {1U, 1U}, {3U, 5U}}) {
    std::mutex mutex;
    std::set<std::uint64_t> sizes;
    const FaultServer server([&](int fd) {
      std::string bytes;
      std::string head;
      while (take_request(fd, bytes, head)) {
        {
          const std::lock_guard lock(mutex);
          sizes.insert(length_in(head));
        }
        EXPECT_TRUE(head.starts_with("POST / HTTP/1.1\r\n")) << head;
        const bool last = head.find("connection: close") != std::string::npos;
        send_text(fd, ok_answer);
        if (last) return;
      }
    });
    Options options = options_for(server.port(), false);
    options.method = "POST";
    options.body_bytes = 0;
    options.body_bytes_max = 9;
    options.pipeline = pipeline;
    options.requests_per_connection = per_connection;
    options.requests = 400;
    const Result result = run(options);
    EXPECT_EQ(result.tally.completed, 400U);
    const std::lock_guard lock(mutex);
    EXPECT_EQ(sizes.size(), 10U);
    EXPECT_EQ(*sizes.rbegin(), 9U);
  }
}

// RFC 9112 section 9.6: the last response is announced, and what was sent behind it is sent again.
TEST(Shapes, RequestsThatAreSentAgainHaveTheirSizesAndFraming) {
  for (const unsigned per_connection : {0U, 4U, 6U}) {
    const FaultServer server([&](int fd) {
      std::string bytes;
      std::string head;
      for (int i = 0; i < 3 && take_request(fd, bytes, head); ++i) {
        EXPECT_TRUE(head.starts_with("POST / HTTP/1.1\r\n")) << head;
        send_text(fd,
                  i < 2 ? ok_answer
                        : "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nHello");
        if (head.find("connection: close") != std::string::npos) return;
      }
    });
    Options options = options_for(server.port(), false);
    options.method = "POST";
    options.body_bytes_max = 9;
    options.pipeline = 5;
    options.requests_per_connection = per_connection;
    options.requests = 400;
    const Result result = run(options);
    EXPECT_EQ(result.tally.completed, 400U);
    EXPECT_GT(result.tally.resent, 0U);
    EXPECT_TRUE(result.tally.errors.empty());
  }
}

TEST(Threads, ShareTheConnections) {
  for (const bool open_loop : {false, true}) {
    const FaultServer server([&](int fd) {
      std::string bytes;
      std::string head;
      while (take_request(fd, bytes, head)) {
        send_text(fd, ok_answer);
        if (head.find("connection: close") != std::string::npos) return;
      }
    });
    Options options = options_for(server.port(), open_loop);
    options.threads = 2;
    options.connections = 5;
    options.requests_per_connection = 3;
    const Result result = run(options);
    EXPECT_EQ(result.tally.established, 5U);
    EXPECT_EQ(result.tally.completed, 40U);
    EXPECT_GT(result.tally.reconnects, 0U);
  }
}

TEST(Shapes, SlowClientsTrickleAndAreCountedApart) {
  std::atomic<int> single_bytes{0};
  const FaultServer server([&](int fd) {
    std::string bytes;
    std::array<char, 4096> buffer;
    for (ssize_t n = 0; (n = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
      if (n == 1) ++single_bytes;
      bytes.append(buffer.data(), static_cast<std::size_t>(n));
      if (!bytes.ends_with("\r\n\r\n")) continue;
      bytes.clear();
      send_text(fd, ok_answer);
    }
  });
  Options options = options_for(server.port(), true);
  options.slow_clients = 2;
  options.slow_gap = std::chrono::milliseconds(2);
  options.rate = 20;  // for 3 s: a slow client's request takes a tenth of a second
  options.requests = 60;
  const Result result = run(options);
  EXPECT_GT(single_bytes, 20);
  EXPECT_GT(result.tally.slow.bytes_sent, 20U);
  EXPECT_GT(result.tally.slow.completed, 0U);
  EXPECT_EQ(result.tally.slow.failed, 0U);
  EXPECT_EQ(result.tally.slow.closed, 0U);
  EXPECT_EQ(result.tally.completed, result.tally.scheduled);
}

TEST(Shapes, SlowClientsOfAServerThatHangsUpAreCountedAsHungUp) {
  const FaultServer server([&](int fd) {
    // Whoever has not sent a whole request at once, however many bytes of it have come.
    std::array<char, 4096> buffer;
    for (ssize_t n = 0; (n = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
      if (!std::string_view(buffer.data(), static_cast<std::size_t>(n)).ends_with("\r\n\r\n"))
        return;
      send_text(fd, ok_answer);
    }
  });
  Options options = options_for(server.port(), true);
  options.slow_clients = 2;
  options.slow_gap = std::chrono::milliseconds(100);  // some seconds until it has sent all
  options.rate = 20;
  const Result result = run(options);
  EXPECT_GT(result.tally.slow.closed, 0U);
  EXPECT_EQ(result.tally.slow.completed, 0U);
  EXPECT_EQ(result.tally.request_errors, 0U);
}

TEST(Shapes, ARampSpreadsTheConnects) {
  std::mutex mutex;
  std::vector<std::int64_t> accepted;
  const FaultServer server([&](int fd) {
    {
      const std::lock_guard lock(mutex);
      accepted.push_back(os::monotonic_ns());
    }
    answer_all(fd);
  });
  Options options = options_for(server.port(), false);
  options.connections = 5;
  options.ramp = std::chrono::seconds(2);
  const Result result = run(options);
  EXPECT_EQ(result.tally.established, 5U);
  const std::lock_guard lock(mutex);
  ASSERT_EQ(accepted.size(), 5U);
  // The last is due 1.6 s after the first; a tenth is allowed for a server that was kept waiting.
  EXPECT_GT(accepted.back() - accepted.front(), 160'000'000);
}

// How many connections came from each address.
std::map<std::string, int> sources_of(unsigned connections, unsigned threads, unsigned addresses) {
  std::mutex mutex;
  std::map<std::string, int> peers;
  const FaultServer server([&](int fd) {
    os::Address peer;
    peer.length = sizeof peer.storage;
    getpeername(fd, peer.get(), &peer.length);
    {
      const std::lock_guard lock(mutex);
      const std::string text = os::to_string(peer);
      ++peers[text.substr(0, text.find(':'))];
    }
    answer_all(fd);
  });
  Options options = options_for(server.port(), false);
  options.connections = connections;
  options.threads = threads;
  options.source_addresses = addresses;
  EXPECT_EQ(run(options).source_addresses, addresses);
  const std::lock_guard lock(mutex);
  return peers;
}

TEST(Shapes, ConnectionsComeFromTheSourceAddressesInTurn) {
  EXPECT_EQ(sources_of(6, 1, 3),
            (std::map<std::string, int>{{"127.0.0.2", 2}, {"127.0.0.3", 2}, {"127.0.0.4", 2}}));
}

TEST(Threads, ConnectFromTheSourceAddressesInTurn) {
  EXPECT_EQ(sources_of(3, 3, 3),
            (std::map<std::string, int>{{"127.0.0.2", 1}, {"127.0.0.3", 1}, {"127.0.0.4", 1}}));
}

// Not one more: an empty one at the end would show a stall that was none.
TEST(Shapes, TheSeriesHasTheSecondsOfTheWindow) {
  for (const auto& [ms, seconds] : {std::pair{1000, 1U}, {1300, 2U}}) {
    const FaultServer server(answer_all);
    Options options = options_for(server.port(), false);
    options.requests = 0;
    options.duration = std::chrono::milliseconds(ms);
    const Result result = run(options);
    ASSERT_EQ(result.tally.series.size(), seconds);
    std::uint64_t completed = 0;
    for (const Second& second : result.tally.series) {
      std::uint64_t recorded = 0;
      for (const auto& [value, count] : second.latencies) recorded += count;
      EXPECT_LE(recorded, second.completed);
      completed += second.completed;
    }
    EXPECT_EQ(completed, result.tally.completed_in_window);
  }
}

// What is due in the window and waits when it ends is sent still, on connections opened for it.
TEST(Shapes, TheDrainOpensConnectionsForWhatWaits) {
  const FaultServer server([](int fd) {
    read_request(fd);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    send_text(fd, ok_answer);
  });
  Options options = options_for(server.port(), true);
  options.connections = 1;
  options.requests_per_connection = 1;
  options.rate = 200;
  const Result result = run(options);
  EXPECT_GT(result.tally.had_to_wait, 0U);
  EXPECT_EQ(result.tally.completed, 40U);
}

}  // namespace
}  // namespace duelio::loadgen
