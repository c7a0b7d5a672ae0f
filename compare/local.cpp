#include "compare/local.h"

#include <utility>

#include <boost/json.hpp>

#include "common/os/cpu.h"
#include "compare/costs.h"
#include "compare/cpu_choice.h"

namespace duelio::compare {

namespace {

class LocalEnds : public Ends {
 public:
  LocalEnds(const results::EntrySpec& entry, const results::Manifest& manifest, Network& network,
            std::size_t environment_pad)
      : server_(entry, network, manifest.plan.server_cpus, environment_pad),
        generator_({.entry = entry.name,
                    .server = server_.endpoint(),
                    .handler_cpu_ns = entry.handler_cpu_ns,
                    .idle_connections = entry.idle_connections},
                   manifest.workload, manifest.plan),
        processes_(server_.processes()) {}

  ServerLook look() override { return look_at(processes_ = server_.processes()); }

  const std::vector<pid_t>& processes() const noexcept override { return processes_; }

  Measured measure(const WindowOrder& order, bool looks_at_threads) override {
    const std::vector<ThreadTimes> generator_before = generator_.thread_times();
    const WindowOrder complete = with_processes(order);
    Measured measured;
    if (looks_at_threads) measured.server_before = times_of_threads(processes_);
    measured.report = generator_.measure(complete);
    const std::vector<pid_t> left = server_.processes();
    const bool lost_some = measured.report.lost_processes > 0;
    if (left.empty() || (lost_some && !server_.is_foreign())) server_.fail("died");
    measured.generator_delay_ns = longest_delay_ns(generator_before, generator_.thread_times());
    if (looks_at_threads) measured.server_after = times_of_threads(processes_);
    measured.has_all_time = left == processes_ && !lost_some;
    return measured;
  }

  std::optional<double> count(const WindowOrder& order, Event event) override {
    const WindowOrder complete = with_processes(order);
    const EventCounter counter(event, processes_);
    const std::uint64_t before = counter.read();
    const WindowReport report = generator_.measure(complete);
    if (report.completed == 0) return std::nullopt;
    return static_cast<double>(counter.read() - before) / static_cast<double>(report.completed);
  }

  void fail(const std::string& what) override { server_.fail(what); }

  std::optional<boost::json::object> stop() override { return server_.stop(); }

 private:
  // As they are now: a foreign server's may have changed.
  WindowOrder with_processes(WindowOrder order) {
    processes_ = server_.processes();
    if (processes_.empty()) server_.fail("died");
    order.server = processes_;
    return order;
  }

  RunningServer server_;
  Generator generator_;
  std::vector<pid_t> processes_;
};

}  // namespace

ServerLook look_at(std::vector<pid_t> processes) {
  ServerLook look{.processes = std::move(processes)};
  for (const pid_t pid : look.processes) {
    look.threads += threads_of(pid);
    look.rss_bytes += rss_bytes(pid);
  }
  return look;
}

std::vector<ThreadTimes> times_of_threads(const std::vector<pid_t>& processes) {
  std::vector<ThreadTimes> all;
  for (const pid_t pid : processes) {
    const std::vector<ThreadTimes> some = thread_times(pid);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

void LocalSite::prepare(const Options& options) {
  // Off the servers' CPUs: it sleeps in a window, but not between two.
  os::pin_this_thread(options.plan.client_cpus);
}

void LocalSite::describe(results::Manifest& manifest) {
  manifest.machine.costs =
      measure_costs(manifest.plan.server_cpus.front(), manifest.plan.client_cpus.front());
}

std::vector<Event> LocalSite::events() {
  return countable_events();
}

Stolen LocalSite::stolen(const results::Plan& plan) {
  const std::vector<int> cpus = used_cpus(plan);
  return {.ns = steal_ns(cpus), .cpus = cpus.size()};
}

std::unique_ptr<Ends> LocalSite::start(const results::EntrySpec& entry,
                                       const results::Manifest& manifest,
                                       std::size_t environment_pad) {
  return std::make_unique<LocalEnds>(entry, manifest, network_, environment_pad);
}

}  // namespace duelio::compare
