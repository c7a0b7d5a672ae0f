#include "loadgen/run.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <deque>
#include <exception>
#include <future>
#include <latch>
#include <thread>

#include <sched.h>

#include "common/os/cpu.h"
#include "common/os/error.h"
#include "common/os/socket.h"
#include "loadgen/worker.h"

namespace duelio::loadgen {
namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // set in a signal handler

void on_signal(int /*number*/) {
  interrupted.store(true, std::memory_order_relaxed);
}

void handle_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second one ends the process
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void pin(const Options& options, unsigned index) {
  if (!options.cpus.empty()) os::pin_this_thread({options.cpus[index % options.cpus.size()]});
}

// Shows how the window is going, four times a second.
class Reporter {
 public:
  Reporter(const std::deque<Worker>& workers, std::uint64_t requests, const OnProgress& on_progress)
      : workers_(workers), requests_(requests), on_progress_(on_progress) {}

  void tick(std::int64_t now, std::int64_t end) {
    constexpr std::int64_t period = 250'000'000;
    if (!on_progress_ || now - before_ < period) return;
    Progress progress;
    std::uint64_t completed = 0;
    for (const Worker& worker : workers_) {
      const Live& live = worker.live();
      completed += live.completed.load(std::memory_order_relaxed);
      progress.errors += live.errors.load(std::memory_order_relaxed);
      progress.p99_ns = std::max(progress.p99_ns, live.p99_ns.load(std::memory_order_relaxed));
    }
    if (before_ != 0) {
      progress.rate = static_cast<double>(completed - completed_before_) * 1e9 /
                      static_cast<double>(now - before_);
      if (requests_ > 0) {
        progress.left_requests = requests_ - std::min(requests_, completed + progress.errors);
      } else {
        progress.left_s = static_cast<double>(end - now) * 1e-9;
      }
      on_progress_(progress);
    }
    completed_before_ = completed;
    before_ = now;
  }

 private:
  const std::deque<Worker>& workers_;
  std::uint64_t requests_;
  const OnProgress& on_progress_;
  std::uint64_t completed_before_ = 0;
  std::int64_t before_ = 0;
};

// An address has 28,232 ephemeral ports by default; 127.0.0.0/8 has addresses to spare.
unsigned source_addresses_for(const Options& options, const os::Address& server) {
  constexpr unsigned ports = 25'000;
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(server.get());
  const bool loopback =
      server.family() == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24U == IN_LOOPBACKNET;
  if (options.source_addresses > 0 && !loopback) {
    throw std::runtime_error("--source-addresses needs a server in 127.0.0.0/8, not " +
                             os::to_string(server));
  }
  const unsigned total = options.connections + options.beside();
  if (options.source_addresses > 0 || !loopback || total <= ports) return options.source_addresses;
  return (total + ports - 1) / ports;
}

// Throws when there is none, with the reason that the first worker to know one gives.
void require_a_connection(const std::deque<Worker>& workers, const os::Address& server) {
  int error = 0;
  for (const Worker& worker : workers) {
    if (worker.tally().established > 0) return;
    if (error == 0) error = worker.first_connect_error();
  }
  os::throw_errno("connect " + os::to_string(server), error != 0 ? error : ETIMEDOUT);
}

}  // namespace

Result run_load(const Options& options, const OnPhase& on_phase, const OnProgress& on_progress) {
  handle_signals();
  os::raise_descriptor_limit();
  const os::Address server = os::resolve(options.host, options.port);

  const unsigned source_addresses = source_addresses_for(options, server);

  std::deque<Worker> workers;
  for (unsigned i = 0; i < options.threads; ++i)
    workers.emplace_back(options, server, source_addresses, i);

  // The first worker is this thread: a generator with one worker has no other, for a second thread
  // makes system calls dearer (see servers/housekeeper.h). Several have a table of descriptors each
  // (unshare(2)), for the same reason, and because the limit of descriptors is a table's.
  // Nobody connects before all have a table: a socket that was copied into another is not closed by
  // closing it.
  std::latch have_tables(options.threads);
  std::vector<std::future<void>> finished;
  std::vector<std::future<void>> connected;
  std::promise<Plan> planned;
  const std::shared_future<Plan> plan_ready = planned.get_future().share();
  const auto start = [&](unsigned i) {
    std::promise<void> is_connected;
    connected.push_back(is_connected.get_future());
    finished.push_back(
        std::async(std::launch::async, [&options, &have_tables, &worker = workers[i], i, plan_ready,
                                        done = std::move(is_connected)]() mutable {
          const int error = ::unshare(CLONE_FILES) == 0 ? 0 : errno;
          have_tables.arrive_and_wait();
          try {
            if (error != 0 && !options.fits_one_table) {
              os::throw_errno("unshare the table of descriptors", error);
            }
            pin(options, i);
            worker.connect_all(interrupted);
            done.set_value();
          } catch (...) {
            done.set_exception(std::current_exception());
            return;
          }
          const Plan plan = plan_ready.get();
          if (plan.start != 0) worker.run(plan, interrupted, {});
          worker.disconnect();  // here: the numbers mean nothing in another thread's table
        }));
  };
  try {
    for (unsigned i = 1; i < options.threads; ++i) start(i);
    have_tables.arrive_and_wait();
    pin(options, 0);
    workers.front().connect_all(interrupted);
    for (auto& each : connected) each.get();
    if (!interrupted) require_a_connection(workers, server);
  } catch (...) {
    // No more threads to be had, or no connection: nobody must wait for what does not come.
    const auto missing = static_cast<std::ptrdiff_t>(options.threads - 1 - finished.size());
    if (missing > 0) have_tables.count_down(missing + 1);  // and this one
    planned.set_value({});                                 // nothing to run: they only disconnect
    throw;
  }

  Plan plan;
  plan.start = os::monotonic_ns() + 1'000'000;
  plan.measure = plan.start + options.warmup.count();
  if (options.requests == 0) {
    plan.drain = plan.measure + options.duration.count();
    plan.give_up = plan.drain + options.timeout.count();
  }
  on_phase("connected", os::monotonic_ns());
  planned.set_value(plan);
  on_phase("warmup", plan.start);
  Result result;
  Reporter reporter(workers, options.requests, on_progress);
  workers.front().run(plan, interrupted,
                      {.on_open =
                           [&](std::int64_t now) {
                             on_phase("measure", now);
                             timespec time{};
                             clock_gettime(CLOCK_REALTIME, &time);
                             result.start_unix_ns =
                                 std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
                           },
                       .on_tick = [&](std::int64_t now) { reporter.tick(now, plan.drain); },
                       .on_close = [&](std::int64_t now) { on_phase("drain", now); }});
  for (auto& each : finished) each.get();
  on_phase("end", os::monotonic_ns());

  result.source_addresses = source_addresses;
  result.interrupted = interrupted.load(std::memory_order_relaxed);
  for (const Worker& worker : workers) {
    result.tally.add(worker.tally());
    result.measured_s = std::max(result.measured_s, static_cast<double>(worker.window_ns()) * 1e-9);
  }
  return result;
}

}  // namespace duelio::loadgen
