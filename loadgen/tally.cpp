#include "loadgen/tally.h"

#include <algorithm>

namespace duelio::loadgen {

void Tally::add(const Tally& other) {
  scheduled += other.scheduled;
  sent += other.sent;
  unsent += other.unsent;
  had_to_wait += other.had_to_wait;
  completed += other.completed;
  in_flight += other.in_flight;
  for (const auto& [kind, count] : other.errors) errors[kind] += count;
  first_refused.insert(other.first_refused.begin(), other.first_refused.end());
  resent += other.resent;
  cut_short += other.cut_short;
  request_errors += other.request_errors;
  completed_in_window += other.completed_in_window;
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  busy_ns += other.busy_ns;
  established += other.established;
  established_beside += other.established_beside;
  peak += other.peak;
  reconnects += other.reconnects;
  slow.bytes_sent += other.slow.bytes_sent;
  slow.completed += other.slow.completed;
  slow.closed += other.slow.closed;
  slow.failed += other.slow.failed;
  latency.add(other.latency);
  samples_ns.insert(samples_ns.end(), other.samples_ns.begin(), other.samples_ns.end());
  unanswered_ns += other.unanswered_ns;
  service.add(other.service);
  send_lag.add(other.send_lag);
  dispatch_lag.add(other.dispatch_lag);
  connect.add(other.connect);
  series.resize(std::max(series.size(), other.series.size()));
  for (std::size_t i = 0; i < other.series.size(); ++i) {
    series[i].completed += other.series[i].completed;
    series[i].errors += other.series[i].errors;
    auto& mine = series[i].latencies;
    mine.insert(mine.end(), other.series[i].latencies.begin(), other.series[i].latencies.end());
    std::sort(mine.begin(), mine.end());
  }
  cpu_ns += other.cpu_ns;
  user_ns += other.user_ns;
  system_ns += other.system_ns;
  run_delay_ns += other.run_delay_ns;
  max_thread_share = std::max(max_thread_share, other.max_thread_share);
}

void Tally::clear() {
  static_cast<Counters&>(*this) = {};
  errors.clear();
  first_refused.clear();
  for (Histogram* const each : {&latency, &service, &send_lag, &dispatch_lag, &connect})
    each->clear();
  samples_ns.clear();
  series.clear();
}

std::uint64_t Tally::count(ErrorClass wanted) const noexcept {
  std::uint64_t sum = 0;
  for (const auto& [kind, count] : errors) sum += kind.first == wanted ? count : 0;
  return sum;
}

}  // namespace duelio::loadgen
