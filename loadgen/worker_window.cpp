// The course of one window: warm-up, edges, drain, and the books at its end.
#include <algorithm>
#include <utility>

#include "common/os/cpu.h"
#include "loadgen/worker.h"

namespace duelio::loadgen {

void Worker::run(const Load& load, const Plan& plan, const std::atomic<bool>& interrupted,
                 const Watch& watch) {
  prepare(load, plan);
  std::int64_t now = os::monotonic_ns();
  start_wheel(now);
  next_timeout_check_ = now + tick_ns;
  last_seen_open_ = now;
  if (!slow_sessions().empty()) next_trickle_ = now;
  for (Session& session : active_sessions()) {
    if (session.link == Link::open) feed(session, now);
  }
  while (true) {
    now = os::monotonic_ns();
    if (empty_poll_since_ != 0) empty_polls_ns_ += now - std::exchange(empty_poll_since_, 0);
    if (begin_ == never && plan_.measure == plan_.start && now >= plan_.start) {
      // Without a warm-up the schedule begins with the window: what would have been due before, had
      // we not been late, stands in nobody's way.
      open_window(watch);
      plan_.start = begin_;
    }
    if (open_loop_) dispatch_due(now);  // before either edge, so that nothing due is unsent at both
    if (begin_ == never && now >= plan_.measure && !stopping_) open_window(watch);
    if (interrupted.load(std::memory_order_relaxed) && !cut_short_) interrupt(now);
    if (now >= plan_.drain && !stopping_) {
      stopping_ = true;
      if (measuring_) close_window(watch);
    }
    if (now >= next_timeout_check_) {
      check_timeouts(now);
      if (measuring_) {
        show(now);
        if (watch.on_tick) watch.on_tick(now);
      }
    }
    if (now >= next_trickle_ && !stopping_) trickle(now);
    if (stopping_ && (is_quiet() || now >= plan_.give_up)) break;
    wait(next_thing_to_do());
  }
  running_ = false;
  spins_ = false;
  close_books(now);
}

void Worker::prepare(const Load& load, const Plan& plan) {
  load_ = load;
  plan_ = plan;
  open_loop_ = load.rate.has_value();
  spins_ = load.spin && open_loop_;
  requests_left_ = load.requests > 0 ? share_of(load.requests, index_, options_.threads)
                                     : std::numeric_limits<std::uint64_t>::max();
  if (open_loop_) {
    schedule_ = Schedule(*load.rate / options_.pipeline, options_.arrivals, load.seed, index_,
                         options_.threads);
    choice_.seed(static_cast<std::uint32_t>(load.seed * options_.threads + index_));
  }
  free_.clear();
  backlog_.clear();
  unconnected_.clear();
  for (Session& session : sessions_) {
    session.listed = false;
    if (session.link == Link::closed) unconnected_.push_back(&session);
  }
  owed_ = waiting_again_ = 0;
  cut_short_ = false;
  const std::uint64_t open = open_connections();
  tally_.peak = std::max(tally_.peak, active_count_);
  tally_.established = active_count_;
  tally_.established_beside = open - active_count_;
  begin_ = end_ = never;
  empty_poll_since_ = empty_polls_ns_ = 0;
  second_latency_.clear();
  stopping_ = false;
  running_ = true;
}

std::int64_t Worker::next_thing_to_do() const noexcept {
  std::int64_t when = std::min(next_timeout_check_, stopping_ ? plan_.give_up : plan_.drain);
  if (stopping_) return when;
  when = std::min(when, next_trickle_);
  if (!measuring_) when = std::min(when, plan_.measure);
  if (open_loop_ && requests_left_ > 0) when = std::min(when, plan_.start + schedule_.next());
  return when;
}

// Closes the window at `at`, unless it closes before.
void Worker::end_sending(std::int64_t at) noexcept {
  plan_.drain = std::min(plan_.drain, at);
  plan_.give_up = std::min(plan_.give_up, at + options_.timeout.count());
}

// What is on its way back may still come; what is not is not waited for.
void Worker::interrupt(std::int64_t now) noexcept {
  cut_short_ = true;
  plan_.drain = std::min(plan_.drain, now);
  plan_.give_up = std::min(plan_.give_up, now + tick_ns / 2);
}

// Both edges are read in the same order and amid the same traffic, which goes on before and after
// them: what was begun before the first edge and is counted makes up, on average, for what is not
// finished at the second.
void Worker::open_window(const Watch& watch) {
  at_open_ = usage();
  begin_ = os::monotonic_ns();
  if (watch.on_open) watch.on_open(begin_);
  measuring_ = true;
  second_ = {};  // errors of the time when the connections opened
  second_end_ = begin_ + 1'000'000'000;
}

void Worker::close_window(const Watch& watch) {
  const ThreadUsage at_close = usage();
  end_ = os::monotonic_ns();
  if (watch.on_close) watch.on_close(end_);
  measuring_ = false;
  end_seconds(end_);
  end_second();
  second_end_ = never;
  tally_.cpu_ns = at_close.cpu_ns - at_open_.cpu_ns;
  tally_.user_ns = at_close.user_ns - at_open_.user_ns;
  tally_.system_ns = at_close.system_ns - at_open_.system_ns;
  tally_.run_delay_ns = at_close.run_delay_ns - at_open_.run_delay_ns;
  const std::int64_t length_ns = std::max<std::int64_t>(end_ - begin_, 1);
  const std::int64_t busy_ns = spins_ ? length_ns - empty_polls_ns_ : tally_.cpu_ns;
  tally_.max_thread_share = static_cast<double>(busy_ns) / static_cast<double>(length_ns);
  // What is in flight still counts for Little's law up to here, and so does what waits.
  const auto count_busy = [&](std::int64_t due, std::uint32_t requests) {
    tally_.busy_ns += static_cast<double>(end_ - std::max(due, begin_)) * requests;
  };
  for (const Burst& burst : backlog_) count_busy(burst.due, burst.left);
  for (const Session& session : active_sessions()) {
    for (const Request& request : session.again) count_busy(request.due, 1);
    for (std::uint32_t i = 0; i < session.count; ++i)
      count_busy(session.in_flight[(session.first + i) % options_.pipeline].due, 1);
  }
}

ThreadUsage Worker::usage() const {
  return plan_.clocks_only ? ThreadUsage{.cpu_ns = os::thread_cpu_ns()} : ThreadUsage::now();
}

// A connection that owes a response is of no use to a window that follows. What a signal cut off
// was not given its time: it is no sample.
void Worker::close_books(std::int64_t now) {
  const auto give_up = [&](std::int64_t due, std::uint32_t requests, std::uint64_t& count) {
    if (!in_window(due)) return;
    count += requests;
    if (cut_short_) {
      tally_.cut_short += requests;
    } else {
      record_unanswered(due, now, requests);
    }
  };
  for (const Burst& burst : backlog_) give_up(burst.due, burst.left, tally_.unsent);
  for (Session& session : active_sessions()) {
    for (const Request& request : session.again) give_up(request.due, 1, tally_.in_flight);
    session.again.clear();
    if (session.count == 0) continue;
    for (; session.count > 0; --session.count) {
      give_up(session.in_flight[session.first].due, 1, tally_.in_flight);
      session.first = (session.first + 1) % options_.pipeline;
    }
    close(session);
  }
}

void Worker::show(std::int64_t now) {
  end_seconds(now);  // a stalled server completes nothing that would
  live_.completed.store(tally_.completed_in_window, std::memory_order_relaxed);
  live_.errors.store(tally_.request_errors, std::memory_order_relaxed);
}

void Worker::end_second() {
  second_latency_.for_each([this](std::uint64_t lower, std::uint64_t upper, std::uint64_t count) {
    second_.latencies.emplace_back(lower + (upper - lower) / 2, count);
  });
  live_.p99_ns.store(second_latency_.quantile(0.99), std::memory_order_relaxed);
  tally_.series.push_back(std::move(second_));
  second_ = {};
  second_latency_.clear();
}

// The last one ends with the window.
void Worker::end_seconds(std::int64_t now) {
  for (; second_end_ <= now && second_end_ < plan_.drain; second_end_ += 1'000'000'000)
    end_second();
}

}  // namespace duelio::loadgen
