#include "compare/lane.h"

#include <algorithm>

#include <boost/json.hpp>

#include "compare/loads.h"
#include "compare/validity.h"

namespace duelio::compare {

namespace json = boost::json;

namespace {

std::uint64_t rss_of(const std::vector<pid_t>& processes) {
  std::uint64_t sum = 0;
  for (const pid_t pid : processes) sum += rss_bytes(pid);
  return sum;
}

std::vector<ThreadTimes> times_of_threads(const std::vector<pid_t>& processes) {
  std::vector<ThreadTimes> all;
  for (const pid_t pid : processes) {
    const std::vector<ThreadTimes> some = thread_times(pid);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

std::optional<double>& count_of(results::LaneLoad& load, Event event) {
  switch (event) {
    case Event::syscalls:
      return load.syscalls_per_request;
    case Event::instructions:
      return load.instructions_per_request;
    case Event::cache_misses:
      break;
  }
  return load.cache_misses_per_request;
}

}  // namespace

Lane::Lane(const results::EntrySpec& entry, results::Role role, const results::Manifest& manifest,
           Network& network, std::size_t environment_pad)
    : entry_(entry),
      plan_(manifest.plan),
      shown_{.entry = entry.name, .role = role},
      server_(entry, network, manifest.plan.server_cpus, environment_pad),
      generator_({.entry = entry.name,
                  .server = server_.endpoint(),
                  .handler_cpu_ns = entry.handler_cpu_ns,
                  .idle_connections = entry.idle_connections},
                 manifest.workload, manifest.plan),
      processes_(server_.processes()) {
  std::size_t threads = 0;
  for (const pid_t pid : processes_) threads += threads_of(pid);
  waits_for_itself_ = threads > plan_.server_cpus.size();
  has_threads_ = !entry.peer_file && entry.threads > 1;
  shown_.rss_at_start_bytes = rss_of(processes_);
  for (const results::Load& load : plan_.loads) at(load);  // in the plan's order
}

Lane::AtLoad& Lane::at(const results::Load& load) {
  for (AtLoad& each : loads_) {
    if (each.shown.load == load.id) return each;
  }
  return loads_.emplace_back(AtLoad{.shown = {.load = load.id}});
}

WindowOrder Lane::order(const results::Load& load, std::uint64_t seed) {
  processes_ = server_.processes();
  if (processes_.empty()) server_.fail("died");
  const Times times = times_of(plan_, load);
  return {.rate = load.rate,
          .lead_in = times.lead_in,
          .length = times.window,
          .seed = seed,
          .polls = plan_.generator_polls,
          .server = processes_};
}

results::Window Lane::measure(const results::Load& load, std::uint64_t seed) {
  // Outside the window, so the lead-in and the last responses are in these two.
  const std::vector<ThreadTimes> generator_before = generator_.thread_times();
  const WindowOrder window_order = order(load, seed);
  const bool looks_at_threads = has_threads_ || !waits_for_itself_;
  const auto server_times = [&] {
    return looks_at_threads ? times_of_threads(processes_) : std::vector<ThreadTimes>{};
  };
  const std::vector<ThreadTimes> server_before = server_times();
  const WindowReport report = generator_.measure(window_order);
  const std::vector<pid_t> left = server_.processes();
  if (left.empty() || (report.lost_processes > 0 && !server_.is_foreign())) server_.fail("died");
  const double window_ns = report.length_s * 1e9;
  results::Window window{.load = load.id,
                         .entry = entry_.name,
                         .role = shown_.role,
                         .length_s = report.length_s,
                         .scheduled = report.scheduled,
                         .completed = report.completed,
                         .finished = report.finished,
                         .server_cpu_ns = report.server_cpu_ns,
                         .generator_share = report.generator_share,
                         .p50_ns = static_cast<double>(report.latency.quantile(0.5)),
                         .dispatch_lag_p50_ns = report.dispatch_lag_p50_ns,
                         .failures = report.failures};
  window.generator_delay =
      static_cast<double>(longest_delay_ns(generator_before, generator_.thread_times())) /
      window_ns;
  const std::vector<ThreadTimes> server_after = server_times();
  if (!waits_for_itself_) {
    window.server_delay =
        static_cast<double>(longest_delay_ns(server_before, server_after)) / window_ns;
  }
  if (report.edges_apart_s) window.generator_apart = *report.edges_apart_s / report.length_s;
  window.void_cause = left == processes_ && report.lost_processes == 0 ? void_cause(window, load)
                                                                       : std::optional(unseen_time);
  if (window.void_cause && !plan_.accept_noise) return window;
  at(load).latency.add(report.latency);
  if (has_threads_) {
    for (const ThreadTimes& each : server_after) at(load).thread_cpu_ns[each.id] += each.cpu_ns;
    for (const ThreadTimes& each : server_before) at(load).thread_cpu_ns[each.id] -= each.cpu_ns;
  }
  return window;
}

void Lane::count(const results::Load& load, std::uint64_t seed, const std::vector<Event>& events) {
  // The counters run over the lead-in too: all that was answered is set against all that was
  // counted.
  WindowOrder all = order(load, seed);
  all.length += all.lead_in;
  all.lead_in = {};
  for (const Event event : events) {
    const EventCounter counter(event, processes_);
    const std::uint64_t before = counter.read();
    const WindowReport report = generator_.measure(all);
    if (report.completed == 0) continue;
    count_of(at(load).shown, event) =
        static_cast<double>(counter.read() - before) / static_cast<double>(report.completed);
  }
}

void Lane::work(const results::Load& load, std::uint64_t seed, std::chrono::nanoseconds length) {
  WindowOrder longer = order(load, seed);
  longer.length = length;
  generator_.measure(longer);
}

// Of an older build's server nothing is known.
void Lane::keep_threads(const json::object& stats) {
  shown_.sharing = json::value_to<std::string>(stats.at("sharing"));
  const json::value* const by_thread = stats.if_contains("by_thread");
  if (by_thread == nullptr || !by_thread->is_array()) return;
  shown_.threads.emplace();
  for (AtLoad& each : loads_) each.shown.thread_cpu_ns.emplace();
  for (const json::value& thread : by_thread->get_array()) {
    shown_.threads->push_back({.accepts = thread.at("accepts").to_number<std::uint64_t>(),
                               .requests = thread.at("requests").to_number<std::uint64_t>(),
                               .cpu_ns = thread.at("cpu_ns").to_number<std::int64_t>()});
    for (AtLoad& each : loads_)
      each.shown.thread_cpu_ns->push_back(each.thread_cpu_ns[thread.at("id").to_number<pid_t>()]);
  }
}

results::Lane Lane::finish() {
  shown_.rss_at_end_bytes = rss_of(processes_);
  if (const auto stats = server_.stop()) {
    const double wakeups =
        stats->at("wakeups").is_number() ? stats->at("wakeups").to_number<double>() : 0;
    if (wakeups > 0)
      shown_.requests_per_wakeup = stats->at("requests").to_number<double>() / wakeups;
    if (has_threads_) keep_threads(*stats);
  }
  for (AtLoad& each : loads_) {
    each.shown.latency = each.latency.to_json();
    shown_.loads.push_back(std::move(each.shown));
  }
  return std::move(shown_);
}

}  // namespace duelio::compare
