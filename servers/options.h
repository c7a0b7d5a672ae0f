#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "common/cli.h"

namespace duelio::server {

struct Options {
  bool list_backends = false;
  bool json = false;
  const Backend* backend = nullptr;
  std::string address = "127.0.0.1";  // or unix:PATH
  std::uint16_t port = 8000;
  unsigned threads = 1;
  Sharing sharing = Sharing::per_thread;
  std::vector<std::string_view> with;  // names of the backend's options, as it has them
  std::vector<int> cpus;
  int backlog = 4096;
  http::Limits limits;
  std::chrono::milliseconds drain_limit{1000};
  bool deadlines = true;              // http::Deadlines
  std::uint64_t max_connections = 0;  // 0: no limit
  std::string stats;                  // a file, "-" for stdout, empty for none
};

extern const cli::Tool tool;

// nullopt when --help or --version was answered. Throws cli::UsageError.
std::optional<Options> parse_options(int argc, const char* const* argv);

}  // namespace duelio::server
