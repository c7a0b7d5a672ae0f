#include "compare/mpi/remote.h"

#include <algorithm>
#include <utility>

#include <boost/json.hpp>

#include "common/os/cpu.h"
#include "common/units.h"
#include "compare/merge.h"
#include "compare/mpi/limits.h"
#include "compare/mpi/words.h"

namespace duelio::compare {

namespace json = boost::json;

namespace {

constexpr unsigned first_round_trips = 400;
constexpr unsigned round_trips_again = 30;
constexpr std::int64_t clocks_are_old_ns = 1'000'000'000;  // they run apart
constexpr std::int64_t longest_notice_ns = 50'000'000;
constexpr std::int64_t good_bound_ns = 100'000;
constexpr int most_again = 4;  // a busy host has no short round trip

// Of one in `count`, all of which share evenly.
unsigned share_of(unsigned total, std::size_t index, std::size_t count) {
  return static_cast<unsigned>(total / count + (index < total % count ? 1 : 0));
}

// A generator's part of the work.
results::Plan plan_for(const results::Plan& plan, std::size_t index, std::size_t count) {
  results::Plan part = plan;
  part.connections = share_of(plan.connections, index, count);
  if (part.generator_threads)
    part.generator_threads = std::min(*part.generator_threads, part.connections);
  return part;
}

}  // namespace

class RemoteEnds : public Ends {
 public:
  RemoteEnds(RemoteSite& site, const results::EntrySpec& entry, const results::Manifest& manifest,
             std::size_t environment_pad);
  RemoteEnds(const RemoteEnds&) = delete;
  RemoteEnds& operator=(const RemoteEnds&) = delete;
  ~RemoteEnds() override;

  ServerLook look() override;
  const std::vector<pid_t>& processes() const noexcept override { return no_processes_; }
  Measured measure(const WindowOrder& order, bool looks_at_threads) override;
  std::optional<double> count(const WindowOrder& /*order*/, Event /*event*/) override {
    return std::nullopt;
  }
  void fail(const std::string& what) override;
  std::optional<json::object> stop() override;
  void keep_samples(const json::object& samples) override;

 private:
  void start(const results::EntrySpec& entry, const results::Manifest& manifest,
             std::size_t environment_pad);
  std::uint64_t post_load(std::size_t generator, const WindowOrder& order, std::int64_t at_ns);
  GeneratorPart part_of(std::size_t generator, const json::object& answer,
                        const WindowOrder& order) const;
  int server() const { return static_cast<int>(site_.hosts_.server); }
  int client(std::size_t generator) const {
    return static_cast<int>(site_.hosts_.clients[generator]);
  }
  std::size_t generators() const { return site_.hosts_.clients.size(); }
  std::int64_t offset(int rank) const { return site_.clocks_.at(rank).offset_ns; }

  RemoteSite& site_;
  std::uint64_t lane_;
  std::vector<pid_t> no_processes_;
};

RemoteEnds::RemoteEnds(RemoteSite& site, const results::EntrySpec& entry,
                       const results::Manifest& manifest, std::size_t environment_pad)
    : site_(site), lane_(++site.lanes_) {
  try {
    start(entry, manifest, environment_pad);
  } catch (...) {
    // No destructor comes for what was not constructed.
    site_.conductor_.forget(server(), lane_);
    for (std::size_t i = 0; i < generators(); ++i) site_.conductor_.forget(client(i), lane_);
    throw;
  }
}

// Generators first, as on one host.
RemoteEnds::~RemoteEnds() {
  for (std::size_t i = 0; i < generators(); ++i) site_.conductor_.forget(client(i), lane_);
  site_.conductor_.forget(server(), lane_);
}

void RemoteEnds::start(const results::EntrySpec& entry, const results::Manifest& manifest,
                       std::size_t environment_pad) {
  const results::Plan& plan = manifest.plan;
  const json::object listening = site_.conductor_.ask(server(),
                                                      {{"do", "start"},
                                                       {"lane", lane_},
                                                       {"entry", results::to_value(entry)},
                                                       {"cpus", json::value_from(plan.server_cpus)},
                                                       {"environment_pad", environment_pad}},
                                                      start_limit_there);
  std::vector<std::uint64_t> posted;
  for (std::size_t i = 0; i < generators(); ++i) {
    results::Workload workload = manifest.workload;
    const unsigned idle = std::exchange(workload.idle_connections, 0) + entry.idle_connections;
    posted.push_back(site_.conductor_.post(
        client(i), {{"do", "connect"},
                    {"lane", lane_},
                    {"entry", entry.name},
                    {"host", listening.at("host")},
                    {"port", listening.at("port")},
                    {"handler_cpu_ns", entry.handler_cpu_ns},
                    {"idle_connections", share_of(idle, i, generators())},
                    {"tells_samples", site_.tells_samples_},
                    {"workload", results::to_value(workload)},
                    {"plan", results::to_value(plan_for(plan, i, generators()))}}));
  }
  for (std::size_t i = 0; i < generators(); ++i)
    site_.conductor_.await(client(i), posted[i], connect_limit_there);
}

ServerLook RemoteEnds::look() {
  const json::object seen =
      site_.conductor_.ask(server(), {{"do", "look"}, {"lane", lane_}}, answer_limit);
  return {.threads = seen.at("threads").to_number<std::size_t>(),
          .rss_bytes = seen.at("rss_bytes").to_number<std::uint64_t>()};
}

std::uint64_t RemoteEnds::post_load(std::size_t generator, const WindowOrder& order,
                                    std::int64_t at_ns) {
  const json::value rate = order.rate ? json::value(*order.rate / static_cast<double>(generators()))
                                      : json::value(nullptr);
  return site_.conductor_.post(client(generator), {{"do", "load"},
                                                   {"lane", lane_},
                                                   {"rate", rate},
                                                   {"lead_in_ns", order.lead_in.count()},
                                                   {"length_ns", order.length.count()},
                                                   {"seed", seed_of(order.seed, generator)},
                                                   {"polls", order.polls},
                                                   {"at_ns", at_ns + offset(client(generator))}});
}

GeneratorPart RemoteEnds::part_of(std::size_t generator, const json::object& answer,
                                  const WindowOrder& order) const {
  const json::object& line = answer.at("line").as_object();
  const std::int64_t begin_ns = number_of(line, "begin_ns") - offset(client(generator));
  return {.report = report_of(line, order),
          .edges = {.begin_ns = begin_ns, .end_ns = begin_ns + number_of(line, "length_ns")},
          .late_ns = number_of(line, "late_ns")};
}

Measured RemoteEnds::measure(const WindowOrder& order, bool looks_at_threads) {
  site_.compare_clocks_if_old();
  const std::int64_t at_ns = site_.next_start();
  const std::int64_t begin_ns = at_ns + order.lead_in.count();
  const std::int64_t end_ns = begin_ns + order.length.count();
  const std::uint64_t watching =
      site_.conductor_.post(server(), {{"do", "watch"},
                                       {"lane", lane_},
                                       {"looks_at_threads", looks_at_threads},
                                       {"at_ns", at_ns + offset(server())},
                                       {"begin_ns", begin_ns + offset(server())},
                                       {"end_ns", end_ns + offset(server())}});
  std::vector<std::uint64_t> loading;
  loading.reserve(generators());
  for (std::size_t i = 0; i < generators(); ++i) loading.push_back(post_load(i, order, at_ns));
  sleep_until(end_ns);

  constexpr nanoseconds slow_responses = seconds(4);
  const nanoseconds limit = slow_responses + answer_limit;
  const json::object watched = site_.conductor_.await(server(), watching, limit);
  Measured measured{.server_before = threads_of(watched, "before"),
                    .server_after = threads_of(watched, "after"),
                    .has_all_time = watched.at("has_all_time").as_bool()};
  std::vector<GeneratorPart> parts;
  for (std::size_t i = 0; i < generators(); ++i) {
    const json::object answer = site_.conductor_.await(client(i), loading[i], limit);
    measured.generator_delay_ns =
        std::max(measured.generator_delay_ns, number_of(answer, "delay_ns"));
    parts.push_back(part_of(i, answer, order));
  }
  MergedWindow merged =
      merge(parts,
            {.edges = {.begin_ns = number_of(watched, "begin_ns") - offset(server()),
                       .end_ns = number_of(watched, "end_ns") - offset(server())},
             .cpu_ns = number_of(watched, "cpu_ns"),
             .irq_ns = number_of(watched, "irq_ns"),
             .late_ns = number_of(watched, "late_ns")},
            site_.bound_ns());
  site_.was_late(merged.across.late_ns > 0);
  measured.report = std::move(merged.report);
  measured.across = merged.across;
  return measured;
}

void RemoteEnds::fail(const std::string& what) {
  site_.conductor_.ask(server(), {{"do", "fail"}, {"lane", lane_}, {"what", what}}, answer_limit);
}

std::optional<json::object> RemoteEnds::stop() {
  const json::object ended =
      site_.conductor_.ask(server(), {{"do", "stop"}, {"lane", lane_}}, start_limit_there);
  const json::value& stats = ended.at("stats");
  return stats.is_null() ? std::nullopt : std::optional(stats.as_object());
}

void RemoteEnds::keep_samples(const json::object& samples) {
  site_.samples_ << json::serialize(samples) << '\n' << std::flush;
}

// What can be known before the first server starts.
void RemoteSite::prepare(const Options& options) {
  hosts_ = options.hosts.value();
  const auto ask = [&](unsigned rank, const std::vector<int>& cpus, bool serves) {
    conductor_.ask(static_cast<int>(rank),
                   {{"do", "prepare"},
                    {"cpus", json::value_from(cpus)},
                    {"serves", serves},
                    {"interface", options.server_interface}},
                   answer_limit);
  };
  ask(hosts_.server, options.plan.server_cpus, true);
  for (const unsigned client : hosts_.clients) ask(client, options.plan.client_cpus, false);
  compare_clocks(first_round_trips);
  for (const auto& [rank, clock] : clocks_) {
    constexpr std::int64_t most_ns = 1'000'000;
    if (clock.bound_ns > most_ns)
      throw std::runtime_error(
          "rank " + std::to_string(rank) + ": its clock is known to " +
          format_duration(static_cast<double>(clock.bound_ns) * 1e-9) +
          " only, and 1 ms is the most: the network between it and rank 0 is too slow, or busy");
  }
  tells_samples_ = !options.raw_samples.empty();
  if (!tells_samples_ || samples_.is_open()) return;
  samples_.open(options.raw_samples, std::ios::app);
  if (!samples_)
    throw std::runtime_error("--raw-samples '" + options.raw_samples + "' cannot be written");
}

void RemoteSite::describe(results::Manifest& manifest) {
  manifest.hosts->clocks.clear();
  for (const auto& [rank, clock] : clocks_)
    manifest.hosts->clocks.push_back({.host = static_cast<unsigned>(rank),
                                      .offset_ns = clock.offset_ns,
                                      .bound_ns = clock.bound_ns});
  const std::string elsewhere = "not available: the servers are on another host";
  manifest.machine.syscall_counts = elsewhere;
  manifest.machine.hardware_counters = elsewhere;
}

Stolen RemoteSite::stolen(const results::Plan& plan) {
  Stolen all;
  const auto add = [&](unsigned rank, const std::vector<int>& cpus) {
    const json::object answer = conductor_.ask(
        static_cast<int>(rank), {{"do", "stolen"}, {"cpus", json::value_from(cpus)}}, answer_limit);
    all.ns += number_of(answer, "ns");
    all.cpus += cpus.size();
  };
  add(hosts_.server, plan.server_cpus);
  for (const unsigned client : hosts_.clients) add(client, plan.client_cpus);
  return all;
}

std::unique_ptr<Ends> RemoteSite::start(const results::EntrySpec& entry,
                                        const results::Manifest& manifest,
                                        std::size_t environment_pad) {
  return std::make_unique<RemoteEnds>(*this, entry, manifest, environment_pad);
}

std::int64_t RemoteSite::next_start() const {
  return os::monotonic_ns() + notice_ns_;
}

void RemoteSite::was_late(bool any) {
  if (any) notice_ns_ = std::min(2 * notice_ns_, longest_notice_ns);
}

void RemoteSite::compare_clocks_if_old() {
  if (os::monotonic_ns() - compared_ns_ > clocks_are_old_ns) compare_clocks(round_trips_again);
}

// What a clock has gone since the last time it may go until the next: that is not known either.
std::int64_t RemoteSite::drift_between(const ClockEstimate& one, const ClockEstimate& other) {
  return std::max<std::int64_t>(
      std::abs(other.offset_ns - one.offset_ns) - one.bound_ns - other.bound_ns, 0);
}

void RemoteSite::compare_clocks(unsigned round_trips) {
  std::vector<unsigned> ranks = hosts_.clients;
  ranks.push_back(hosts_.server);
  for (const unsigned each : ranks) {
    const int rank = static_cast<int>(each);
    ClockEstimate now = conductor_.compare_clocks(rank, round_trips);
    for (int again = 0; again < most_again && now.bound_ns > good_bound_ns; ++again) {
      const ClockEstimate next = conductor_.compare_clocks(rank, round_trips);
      if (next.bound_ns < now.bound_ns) now = next;
    }
    const auto before = clocks_.find(rank);
    now.drift_ns = before == clocks_.end() ? 0 : drift_between(before->second, now);
    clocks_[rank] = now;
  }
  compared_ns_ = os::monotonic_ns();
}

std::int64_t RemoteSite::bound_ns() const {
  std::int64_t most = 0;
  for (const auto& [rank, clock] : clocks_) most = std::max(most, clock.bound_ns + clock.drift_ns);
  return most;
}

}  // namespace duelio::compare
