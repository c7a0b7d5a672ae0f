#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "common/os/address.h"
#include "loadgen/options.h"
#include "loadgen/worker.h"

namespace duelio::loadgen {

// The workers and their threads. The first worker is the thread that calls: a generator with one
// worker has no other thread, for a second one makes system calls dearer. Several have a table of
// descriptors each (unshare(2)), for the same reason, and because the limit of descriptors is a
// table's. Between tasks they sleep.
class Generator {
 public:
  // Throws when the host cannot be resolved or a thread cannot be had.
  explicit Generator(Options options);
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;
  ~Generator();

  // Opens each connection that is not open.
  void connect(const std::atomic<bool>& interrupted);
  // Throws, with the reason that the first worker to know one gives, when none is open.
  void require_a_connection() const;
  // Why one did not open, ETIMEDOUT when nothing was heard.
  int connect_error() const noexcept;
  // "127.0.0.1:8000", all of them.
  std::string server_name() const;

  // One load from its warm-up to the end of its drain. `watch` looks at the first worker.
  void run(const Load& load, const Plan& plan, const std::atomic<bool>& interrupted,
           const Watch& watch);

  // Closes all connections.
  void disconnect();

  // Begins new tallies.
  void clear_tallies();

  const Options& options() const noexcept { return options_; }
  const std::deque<Worker>& workers() const noexcept { return workers_; }
  unsigned source_addresses() const noexcept { return source_addresses_; }
  const std::vector<os::Address>& server() const noexcept { return server_; }
  std::uint64_t open_connections() const noexcept;
  std::uint64_t wanted_connections() const noexcept {
    return std::uint64_t{options_.connections} + options_.beside();
  }

 private:
  using Task = std::function<void(unsigned index, Worker& worker)>;

  // Has each worker do it in its own thread; returns when all have, and throws what one has thrown.
  void each(const Task& task);
  void serve(unsigned index, const std::stop_token& stop);
  void perform(unsigned index) noexcept;

  const Options options_;
  const std::vector<os::Address> server_;
  unsigned source_addresses_;
  std::deque<Worker> workers_;

  std::mutex mutex_;  // of what follows
  std::condition_variable_any changed_;
  const Task* task_ = nullptr;
  std::uint64_t tasks_ = 0;  // given out so far
  unsigned busy_ = 0;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;
};

}  // namespace duelio::loadgen
