#include "compare/lane.h"

#include <algorithm>

#include <boost/json.hpp>

#include "compare/loads.h"
#include "compare/validity.h"

namespace duelio::compare {

namespace json = boost::json;

namespace {

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
           Site& site, std::size_t environment_pad)
    : entry_(entry),
      plan_(manifest.plan),
      shown_{.entry = entry.name, .role = role},
      ends_(site.start(entry, manifest, environment_pad)) {
  const ServerLook look = ends_->look();
  waits_for_itself_ = look.threads > plan_.server_cpus.size();
  has_threads_ = !entry.peer_file && entry.threads > 1;
  shown_.rss_at_start_bytes = look.rss_bytes;
  for (const results::Load& load : plan_.loads) at(load);  // in the plan's order
}

Lane::AtLoad& Lane::at(const results::Load& load) {
  for (AtLoad& each : loads_) {
    if (each.shown.load == load.id) return each;
  }
  return loads_.emplace_back(AtLoad{.shown = {.load = load.id}});
}

WindowOrder Lane::order(const results::Load& load, std::uint64_t seed) const {
  const Times times = times_of(plan_, load);
  return {.rate = load.rate,
          .lead_in = times.lead_in,
          .length = times.window,
          .seed = seed,
          .polls = plan_.generator_polls};
}

results::Window Lane::measure(const results::Load& load, std::uint64_t seed) {
  const Measured measured = ends_->measure(order(load, seed), has_threads_ || !waits_for_itself_);
  const WindowReport& report = measured.report;
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
                         .failures = report.failures,
                         .across = measured.across};
  window.generator_delay = static_cast<double>(measured.generator_delay_ns) / window_ns;
  if (!waits_for_itself_) {
    window.server_delay =
        static_cast<double>(longest_delay_ns(measured.server_before, measured.server_after)) /
        window_ns;
  }
  if (report.edges_apart_s) window.generator_apart = *report.edges_apart_s / report.length_s;
  window.void_cause = measured.has_all_time ? void_cause(window, load) : std::optional(unseen_time);
  if (window.void_cause && !plan_.accept_noise) return window;
  AtLoad& here = at(load);
  here.latency.add(report.latency);
  here.samples_ns.insert(here.samples_ns.end(), report.samples_ns.begin(), report.samples_ns.end());
  if (has_threads_) {
    for (const ThreadTimes& each : measured.server_after)
      here.thread_cpu_ns[each.id] += each.cpu_ns;
    for (const ThreadTimes& each : measured.server_before)
      here.thread_cpu_ns[each.id] -= each.cpu_ns;
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
    if (const auto per_request = ends_->count(all, event))
      count_of(at(load).shown, event) = per_request;
  }
}

void Lane::work(const results::Load& load, std::uint64_t seed, std::chrono::nanoseconds length) {
  WindowOrder longer = order(load, seed);
  longer.length = length;
  ends_->measure(longer, false);
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

void Lane::keep_samples(AtLoad& at_load) {
  ends_->keep_samples({{"entry", entry_.name},
                       {"role", to_string(shown_.role)},
                       {"load", at_load.shown.load},
                       {"samples_ns", json::value_from(at_load.samples_ns)}});
}

results::Lane Lane::finish() {
  shown_.rss_at_end_bytes = ends_->look().rss_bytes;
  if (const auto stats = ends_->stop()) {
    const double wakeups =
        stats->at("wakeups").is_number() ? stats->at("wakeups").to_number<double>() : 0;
    if (wakeups > 0)
      shown_.requests_per_wakeup = stats->at("requests").to_number<double>() / wakeups;
    if (has_threads_) keep_threads(*stats);
  }
  for (AtLoad& each : loads_) {
    each.shown.latency = each.latency.to_json();
    if (!each.samples_ns.empty()) keep_samples(each);
    shown_.loads.push_back(std::move(each.shown));
  }
  return std::move(shown_);
}

}  // namespace duelio::compare
