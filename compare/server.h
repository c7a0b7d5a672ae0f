#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <boost/json/object.hpp>

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

// Throws cli::UsageError when the file is none that a peer can be started from.
void check_peer_file(const std::string& entry, const std::string& file);

// A running server of an entry: ours, or a foreign one as its peer file says:
//   {"argv": ["nginx", "-c", "{dir}/nginx.conf"], "files": {"nginx.conf": "... {port} ..."},
//   "about": "..."}
// {port} and {bin} (the folder of our executables) are replaced in arguments and files, {dir} is a
// fresh folder that holds the files. The server answers as common/workload.h says (bodies are
// compared), stays in the foreground, is ready when its port accepts a connection, and ends on
// SIGTERM. The CPU time of its whole process group is measured.
class RunningServer {
 public:
  // Returns when it accepts connections. Throws EntryFailed, or Interrupted.
  RunningServer(const results::EntrySpec& entry, const std::vector<int>& cpus,
                std::size_t environment_pad);
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer() = default;

  pid_t pid() const noexcept { return process_->pid(); }
  std::vector<pid_t> processes() const { return process_->group(); }
  std::uint16_t port() const noexcept { return port_; }

  // SIGTERM; the counters of our own servers. Throws EntryFailed when it does not end well.
  std::optional<boost::json::object> stop();

 private:
  void start_backend(const results::EntrySpec& entry, const Process::How& how);
  void start_peer(const results::EntrySpec& entry, const Process::How& how);

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
  std::unique_ptr<Process> process_;
  std::uint16_t port_ = 0;
};

}  // namespace duelio::compare
