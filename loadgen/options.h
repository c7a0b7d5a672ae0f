#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loadgen/header.h"

namespace duelio::loadgen {

enum class Arrivals : std::uint8_t { poisson, constant };
// Which of the free connections a due request takes.
enum class ConnectionChoice : std::uint8_t { random, longest_unused };

// What may differ from one window to the next.
struct Load {
  std::optional<double> rate;  // requests/s; none: closed loop
  std::uint64_t requests = 0;  // in place of a duration, at least one a thread; 0: by duration
  std::uint64_t seed = 1;
  bool spin = false;
};

struct Options : Load {
  std::string url;
  std::string host;        // to look up; unix:PATH with --unix-socket
  std::string host_field;  // RFC 9110 section 7.2, unless `headers` has one
  std::uint16_t port = 80;
  std::string target = "/";
  std::vector<Header> headers;

  unsigned connections = 64;
  unsigned threads = 1;
  std::vector<int> cpus;
  std::chrono::nanoseconds warmup{};
  std::chrono::nanoseconds duration{};
  Arrivals arrivals = Arrivals::poisson;
  ConnectionChoice connection_choice = ConnectionChoice::random;
  unsigned pipeline = 1;
  std::uint64_t requests_per_connection = 0;  // 0: no limit
  std::string method = "GET";
  std::uint64_t body_bytes = 0;             // of the smallest body
  std::uint64_t body_bytes_max = 0;         // of the largest; the same: all are that long
  std::string body_file;                    // where `body` is from
  std::shared_ptr<const std::string> body;  // of every request; null: of body_bytes
  int expect_status = 200;
  std::chrono::nanoseconds timeout{};
  unsigned idle_connections = 0;
  unsigned slow_clients = 0;
  std::chrono::nanoseconds slow_gap = std::chrono::milliseconds(100);  // between two bytes
  std::chrono::nanoseconds ramp{};
  unsigned source_addresses = 0;  // 127.0.0.2 and on; 0: the kernel's choice
  bool verify_body = false;
  bool raw_samples = false;    // with --control: each latency as it was
  bool fits_one_table = true;  // all connections, into one table of descriptors

  // Connections beside those that carry the measured load.
  unsigned beside() const noexcept { return idle_connections + slow_clients; }
};

// What one of the threads has of `total`.
template <class Count>
constexpr Count share_of(Count total, unsigned index, unsigned threads) noexcept {
  return total / threads + (index < total % threads ? 1 : 0);
}

}  // namespace duelio::loadgen
