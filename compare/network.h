#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/os/unique_fd.h"
#include "compare/options.h"

namespace duelio::compare {

// Where a server is asked for.
struct Endpoint {
  std::string host = "127.0.0.1";  // or unix:PATH, as os::resolve() takes it
  std::uint16_t port = 0;          // 0: its own choice, or none

  bool is_unix() const noexcept;
  std::string path() const;  // of a Unix socket
};

// What --network takes: none for loopback. Throws std::invalid_argument.
std::optional<std::string> parse_network(std::string_view word);

// Throws cli::UsageError for an entry that cannot be reached over the plan's network.
void check_network(const Options& options);

// What a run's servers and generators meet on, made for it, and gone with it however it ends.
class Network {
 public:
  // As Plan::network names it. Throws std::runtime_error that says what is missing.
  explicit Network(const std::optional<std::string>& kind);
  // An address of this host.
  struct At {
    std::string address;
  };
  explicit Network(At at) : host_(std::move(at.address)) {}
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  ~Network();

  // Where the next server is to listen: one of ours, which chooses a port itself, or a foreign one,
  // which is told one that is free.
  Endpoint for_backend();
  Endpoint for_peer();

  // The network namespace that servers run in (setns(2)); -1: this process's.
  int server_namespace() const noexcept { return servers_.get(); }

 private:
  void make_folder();
  void make_namespaces();

  std::string host_ = Endpoint().host;
  std::filesystem::path folder_;  // of Unix sockets
  os::UniqueFd lock_;             // of the folder
  unsigned sockets_ = 0;
  os::UniqueFd servers_;
  std::uint16_t next_port_ = 0;  // of that namespace
};

}  // namespace duelio::compare
