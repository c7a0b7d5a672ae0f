#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "backends/backend.h"
#include "common/os/address.h"
#include "common/os/socket.h"
#include "common/os/socket_file.h"
#include "tests/support/tcp_client.h"

// One suite for every registered backend, with one thread and with four: the same bytes on the
// wire, whatever the I/O model. The server runs in the test's process, so the sanitizers see it.
// A case that hangs fails and is the last that runs: the others would wait as long, one by one.
namespace duelio::test {

inline const std::string get = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
inline const std::string hello =
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n"
    "date: ?????????????????????????????\r\n\r\nHello";
inline const std::string last_hello =
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n"
    "date: ?????????????????????????????\r\nconnection: close\r\n\r\nHello";
inline const std::string refused =
    "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n"
    "date: ?????????????????????????????\r\nconnection: close\r\n\r\n";

// scripts/test thorough: random input as much as it takes to find what is rare, in place of as much
// as it takes to see that the case still works.
inline bool is_thorough() {
  return std::getenv("DUELIO_THOROUGH") != nullptr;
}

struct Case {
  const Backend* backend;
  Sharing sharing;
  unsigned threads;
  std::vector<std::string_view> with = {};
  bool timed = false;  // with every deadline on, all out of reach
  bool over_unix = false;
};

inline constexpr http::Deadlines no_deadline_passes{.idle = std::chrono::hours(1),
                                                    .head = std::chrono::hours(1),
                                                    .body = std::chrono::hours(1),
                                                    .linger = std::chrono::hours(1),
                                                    .write = std::chrono::hours(1)};

// Options stand first ("with_batch_1_shared_x1_epoll_et"), the backend stands last, so that the
// filter *_x?_asio means asio and not asio-coro: ctest runs each backend's cases in a process of
// their own (CMakeLists.txt).
inline std::string to_string(const Case& how) {
  std::string name = how.timed ? "timed_" : "";
  if (how.over_unix) name += "unix_";
  if (!how.with.empty()) name += "with_";
  for (const std::string_view option : how.with) name += std::string(option) + "_";
  name += std::string(duelio::to_string(how.sharing)) + "_x" + std::to_string(how.threads) + "_" +
          std::string(how.backend->name);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// Every backend of this binary, in each way of sharing that it knows, with each number of threads.
// What differs by the listener only has cases_of_listeners().
inline std::vector<Case> cases(std::initializer_list<unsigned> threads) {
  std::vector<Case> all;
  for (const Backend* backend : all_backends()) {
    if (backend->run == nullptr) continue;  // in another binary, with a suite of its own
    for (const Sharing sharing : backend->sharings) {
      if (sharing == Sharing::exclusive || sharing == Sharing::steered) continue;
      for (const unsigned count : threads) all.push_back({backend, sharing, count});
    }
  }
  return all;
}

// One for all that are steered, for they do not know of it.
inline std::vector<Case> cases_of_listeners(unsigned threads) {
  std::vector<Case> all;
  for (const Backend* backend : all_backends()) {
    if (backend->run == nullptr) continue;
    for (const Sharing sharing : backend->sharings) {
      const bool is_steered = sharing == Sharing::steered && backend->name == "epoll-et";
      if (sharing == Sharing::exclusive || is_steered) all.push_back({backend, sharing, threads});
    }
  }
  return all;
}

inline std::vector<Case> timed(std::vector<Case> all) {
  for (Case& each : all) each.timed = each.backend->no_deadlines.empty();
  return all;
}

// Over a Unix socket, which has one listener.
inline std::vector<Case> over_unix(std::vector<Case> all) {
  std::erase_if(all, [](const Case& each) {
    return each.threads > 1 && each.sharing == Sharing::per_thread;
  });
  for (Case& each : all) each.over_unix = true;
  return all;
}

inline std::vector<Case> that_keep_deadlines(std::vector<Case> all) {
  std::erase_if(all, [](const Case& each) { return !each.backend->no_deadlines.empty(); });
  return all;
}

inline bool is_a_form_of_the_ring(const Option& option) {
  return option.name == "plain-ring" || option.name == "sqpoll";
}

// As cases(), but with every option of every backend alone, and with all of a backend that go
// together: the first of those that exclude each other, and no other form of the ring, with which
// the rest would not be tried on the usual one.
inline std::vector<Case> cases_of_options(std::initializer_list<unsigned> threads) {
  std::vector<Case> all;
  for (const Case& plain : cases(threads)) {
    std::vector<std::string_view> together;
    const auto is_possible = [&](std::vector<std::string_view> with) {
      return refusal_of_options(*plain.backend, with, plain.sharing).empty();
    };
    for (const Option& option : plain.backend->options) {
      if (!is_possible({option.name})) continue;
      all.push_back(plain);
      all.back().with = {option.name};
      if (!option.probe().available || is_a_form_of_the_ring(option)) continue;
      std::vector<std::string_view> more = together;
      more.push_back(option.name);
      if (is_possible(more)) together = more;
    }
    if (together.size() < 2) continue;
    all.push_back(plain);
    all.back().with = together;
  }
  return all;
}

inline void PrintTo(const Case& how, std::ostream* out) {  // GoogleTest's name for it
  *out << to_string(how);
}

// What a server is asked for beside the case.
struct Wishes {
  std::vector<int> cpus = {};
  std::optional<http::Deadlines> deadlines = {};
  std::optional<std::uint64_t> connections = {};
};

// A backend at work, until the end of the scope.
class Server {
 public:
  explicit Server(const Case& how, const Wishes& wishes = {}) : clock_(784111777) {
    Listeners listeners =
        listen_for(how.sharing, how.threads, wishes.cpus,
                   how.over_unix ? address_in_a_new_folder() : os::resolve("127.0.0.1", 0), {});
    address_ = os::local_address(listeners.front().get());
    if (how.over_unix) socket_file_.emplace(address_);
    config_ = {.threads = how.threads,
               .cpus = wishes.cpus,
               .sharing = how.sharing,
               .limits = {.head = 8192, .body = 4 << 20},
               .clock = &clock_,
               .drain_limit = 2 * TcpClient::limit,
               .with = how.with,
               .deadlines = wishes.deadlines,
               .by_thread = &by_thread_,
               .socket_file = socket_file_ ? &*socket_file_ : nullptr};
    if (how.timed) config_.deadlines = no_deadline_passes;
    if (wishes.connections) config_.connections = &connections_.emplace(*wishes.connections);
    result_ =
        std::async(std::launch::async, [this, &how, listeners = std::move(listeners)]() mutable {
          return how.backend->run(config_, std::move(listeners), stop_);
        });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    if (result_.valid()) stop();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  const os::Address& address() const { return address_; }
  std::uint16_t port() const { return address_.port(); }
  void request_stop() { stop_.request(); }
  bool is_running() const {
    return result_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
  }
  Counters stop() {
    stop_.request();
    if (result_.wait_for(5 * TcpClient::limit) == std::future_status::timeout) {
      std::cerr << "the server ignores its stop\n";
      std::abort();  // its thread cannot be ended, and nothing after it would mean anything
    }
    return result_.get();
  }
  const std::vector<ThreadCount>& by_thread() const { return by_thread_; }  // after stop()

 private:
  os::Address address_in_a_new_folder() {
    folder_ = (std::filesystem::temp_directory_path() / "duelio-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    return os::unix_address(folder_ + "/socket");
  }

  std::string folder_;
  http::DateClock clock_;
  ServerConfig config_;
  std::optional<ConnectionLimit> connections_;
  std::vector<ThreadCount> by_thread_;
  StopEvent stop_;
  os::Address address_;
  std::optional<os::SocketFile> socket_file_;
  std::future<Counters> result_;
};

class Conformance : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const Support support = GetParam().backend->probe();
    if (!support.available) GTEST_SKIP() << support.reason;
    for (const std::string_view name : GetParam().with) {
      const Support option = find_option(*GetParam().backend, name)->probe();
      if (!option.available) GTEST_SKIP() << name << ": " << option.reason;
    }
    if (TcpClient::has_waited_in_vain()) GTEST_SKIP() << "an earlier case hangs";
    server_.emplace(GetParam());
  }
  const os::Address& address() const { return server_->address(); }
  std::uint16_t port() const { return server_->port(); }

  // What `request` is answered on a connection of its own; the client half-closes.
  std::string answer(std::string_view request) const {
    TcpClient client(address());
    client.send(request);
    client.finish_sending();
    return mask_dates(client.receive_all());
  }

  std::optional<Server> server_;
};

}  // namespace duelio::test
