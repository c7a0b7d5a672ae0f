#include "loadgen/run.h"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <deque>

#include "common/os/cpu.h"
#include "loadgen/generator.h"
#include "loadgen/interruption.h"

namespace duelio::loadgen {
namespace {

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

}  // namespace

Result run_load(const Options& options, const OnPhase& on_phase, const OnProgress& on_progress) {
  Generator generator(options);
  handle_signals();  // until here a signal ends the process: a name may take long to look up
  generator.connect(interrupted);
  if (!interrupted) generator.require_a_connection();

  Plan plan;
  plan.start = os::monotonic_ns() + 1'000'000;
  plan.measure = plan.start + options.warmup.count();
  if (options.requests == 0) {
    plan.drain = plan.measure + options.duration.count();
    plan.give_up = plan.drain + options.timeout.count();
  }
  on_phase("connected", os::monotonic_ns());
  on_phase("warmup", plan.start);
  Result result;
  Reporter reporter(generator.workers(), options.requests, on_progress);
  generator.run(options, plan, interrupted,
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
  on_phase("end", os::monotonic_ns());

  result.source_addresses = generator.source_addresses();
  result.interrupted = interrupted.load(std::memory_order_relaxed);
  for (const os::Address& address : generator.server())
    result.addresses.push_back({.text = os::to_string(address)});
  for (const Worker& worker : generator.workers()) {
    for (std::size_t i = 0; i < result.addresses.size(); ++i) {
      const Worker::AddressUse& use = worker.address_uses()[i];
      result.addresses[i].opened += use.opened;
      if (result.addresses[i].first_error == 0) result.addresses[i].first_error = use.first_error;
    }
    result.tally.add(worker.tally());
    result.measured_s = std::max(result.measured_s, static_cast<double>(worker.window_ns()) * 1e-9);
  }
  return result;
}

}  // namespace duelio::loadgen
