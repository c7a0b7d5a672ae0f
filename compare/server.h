#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <boost/json/object.hpp>

#include "compare/family.h"
#include "compare/network.h"
#include "compare/process.h"
#include "results/record.h"

namespace duelio::compare {

// What an entry did that ends its part of the run.
struct EntryFailed : std::runtime_error {
  EntryFailed(std::string who, const std::string& what)
      : std::runtime_error(who + " " + what), entry(std::move(who)), why(what) {}
  std::string entry;
  std::string why;
};

// SIGINT, SIGTERM or SIGHUP came.
struct Interrupted {};

// A host that has a part in the run is gone, or does not answer any more.
struct HostLost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A running server of an entry: ours, or a foreign one as its peer file says (compare/peer.h). That
// answers as common/workload.h says (bodies are compared) and ends on SIGTERM; it may stand behind
// a shell or another wrapper, and become a daemon, for its whole family is watched, measured and
// ended (compare/family.h). What it writes goes to a file, so that it never waits for a reader; the
// file is kept when the entry fails.
class RunningServer {
 public:
  // Returns when it accepts connections, or, a foreign one, when it has answered a request. Throws
  // EntryFailed, or Interrupted.
  RunningServer(const results::EntrySpec& entry, Network& network, const std::vector<int>& cpus,
                std::size_t environment_pad);
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer();

  // Those that are alive; a foreign one's may come and go.
  std::vector<pid_t> processes();
  bool is_foreign() const noexcept { return is_peer_; }
  const Endpoint& endpoint() const noexcept { return endpoint_; }

  // Throws EntryFailed with what is known of it: how its process ended, and where its output is.
  [[noreturn]] void fail(const std::string& what);

  // SIGTERM; the counters of our own servers. Throws EntryFailed when it does not end well.
  std::optional<boost::json::object> stop();

 private:
  void start_backend(const results::EntrySpec& entry, const Process::How& how);
  void start_peer(const results::EntrySpec& entry, Process::How how);
  void wait_until_ready(const std::string& target);
  std::string kept_output();

  // A fresh folder that goes with it.
  class Folder {
   public:
    Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder();
    const std::filesystem::path& path() const noexcept { return path_; }

   private:
    std::filesystem::path path_;
  };

  std::string name_;
  bool is_peer_;
  std::optional<Folder> folder_;  // outlives the process
  os::UniqueFd output_;           // of a foreign server
  std::optional<Family> family_;  // of a foreign server; its end comes before the process's
  std::unique_ptr<Process> process_;
  Endpoint endpoint_;
};

}  // namespace duelio::compare
