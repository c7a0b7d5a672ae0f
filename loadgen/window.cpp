#include "loadgen/window.h"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include <boost/json.hpp>

#include "common/os/cpu.h"
#include "loadgen/interruption.h"
#include "loadgen/server_clocks.h"
#include "loadgen/tally_json.h"
#include "loadgen/verdict.h"

namespace duelio::loadgen {

namespace json = boost::json;

namespace {

// Threads are told one after the other; a single one can begin at once.
std::int64_t told_ns(const Options& options) noexcept {
  return options.threads > 1 ? 1'000'000 : 0;
}

void sleep_until(std::int64_t at) noexcept {
  const timespec until{at / 1'000'000'000, at % 1'000'000'000};
  while (!interrupted &&
         clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

Plan plan_of(const Window& window, const Options& options) {
  Plan plan;
  plan.clocks_only = true;
  plan.start = window.at.value_or(os::monotonic_ns() + told_ns(options));
  plan.measure = plan.start + window.lead_in.count();
  if (window.load.requests == 0) {
    plan.drain = plan.measure + window.length.count();
    plan.give_up = plan.drain + options.timeout.count();
  }
  return plan;
}

json::object counts_of(const Tally& tally, bool open_loop) {
  const auto if_open = [&](std::uint64_t count) {
    return open_loop ? json::value(count) : json::value(nullptr);
  };
  return {{"scheduled", if_open(tally.scheduled)},
          {"unsent", if_open(tally.unsent)},
          {"had_to_wait", if_open(tally.had_to_wait)},
          {"sent", tally.sent},
          {"completed", tally.completed},
          {"failed", tally.request_errors},
          {"in_flight", tally.in_flight},
          {"resent", tally.resent}};
}

// Of several threads each says, too, what it saw alone: the worst of them is the generator's
// verdict.
json::array threads_of(const std::deque<Worker>& workers) {
  json::array threads;
  for (const Worker& worker : workers) {
    const Tally& tally = worker.tally();
    json::object& thread =
        threads
            .emplace_back(json::object{{"cpu_ns", tally.cpu_ns}, {"busy", tally.max_thread_share}})
            .as_object();
    if (workers.size() == 1) break;
    const auto apart = worker.edges_from(workers.front());
    thread["completed"] = tally.completed_in_window;
    thread["edges_apart_ns"] = apart ? json::value(*apart) : json::value(nullptr);
    thread["dispatch_lag_p50_ns"] = tally.dispatch_lag.count() > 0
                                        ? json::value(tally.dispatch_lag.quantile(0.5))
                                        : json::value(nullptr);
  }
  return threads;
}

}  // namespace

json::object measure(Generator& generator, const Window& window, Tally& tally) {
  const Options& options = generator.options();
  generator.clear_tallies();
  generator.connect(interrupted);
  if (!interrupted) generator.require_a_connection();

  std::int64_t late_ns = 0;
  if (window.at) {  // several generators, of several hosts, are to begin together
    late_ns = std::max<std::int64_t>(os::monotonic_ns() - *window.at, 0);
    sleep_until(*window.at - told_ns(options));
  }
  ServerClocks clocks(window.pids);
  std::int64_t begin_ns = 0;
  generator.run(window.load, plan_of(window, options), interrupted,
                {.on_open =
                     [&](std::int64_t now) {
                       clocks.at_begin();
                       begin_ns = now;
                     },
                 .on_tick = {},
                 .on_close = [&](std::int64_t) { clocks.at_end(); }});

  tally.clear();
  for (const Worker& worker : generator.workers()) tally.add(worker.tally());
  const bool open_loop = window.load.rate.has_value();
  json::object line{
      {"type", "window"},
      {"interrupted", interrupted.load()},
      {"rate", open_loop ? json::value(*window.load.rate) : json::value(nullptr)},
      {"seed", window.load.seed},
      {"begin_ns", begin_ns},
      {"length_ns", generator.workers().front().window_ns()},
      {"completed", tally.completed_in_window},
      {"counts", counts_of(tally, open_loop)},
      {"conserved", is_conserved(tally, open_loop)},
      {"errors", errors_of(tally)},
      {"bytes", json::object{{"sent", tally.bytes_sent}, {"received", tally.bytes_received}}},
      {"latency_ns", distribution_of(tally.latency)},
      {"service_ns", summary_of(tally.service)},
      {"dispatch_lag_ns", summary_of(tally.dispatch_lag)},
      {"connections", json::object{{"wanted", generator.wanted_connections()},
                                   {"open", generator.open_connections()},
                                   {"reconnects", tally.reconnects}}},
      {"threads", threads_of(generator.workers())},
      {"server", clocks.to_json()}};
  if (window.at) line["late_ns"] = late_ns;
  if (options.raw_samples) line["samples_ns"] = json::value_from(tally.samples_ns);
  return line;
}

}  // namespace duelio::loadgen
