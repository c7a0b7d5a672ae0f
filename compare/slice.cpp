#include "compare/slice.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <random>

#include <boost/json.hpp>
#include <unistd.h>

#include "compare/probe.h"
#include "compare/server.h"
#include "compare/validity.h"

namespace duelio::compare {

namespace json = boost::json;
using std::chrono::milliseconds;

namespace {

struct PhaseResult {
  json::object loadgen;
  Sample before;
  std::optional<CpuClock> half;  // of a window that is looked at in its middle
  Sample after;
};

std::string nanoseconds(std::chrono::nanoseconds time) {
  return std::to_string(time.count()) + "ns";
}

std::vector<std::string> loadgen_arguments(const Setting& setting, const Entry& entry,
                                           std::uint16_t port) {
  const Options& options = setting.options;
  const Workload& workload = options.workload;
  const std::string target =
      entry.handler_cpu_ns > 0 ? "/cpu/" + std::to_string(entry.handler_cpu_ns) : workload.target;
  return {setting.bin + "/duelio-loadgen",
          "http://127.0.0.1:" + std::to_string(port) + target,
          "--phases",
          "--json",
          "-",
          "--connections",
          std::to_string(options.connections),
          "--pipeline",
          std::to_string(workload.pipeline),
          "--requests-per-connection",
          std::to_string(workload.requests_per_connection),
          "--method",
          workload.method,
          "--body-bytes",
          std::to_string(workload.body_bytes),
          "--idle-connections",
          std::to_string(workload.idle_connections + entry.idle_connections)};
}

// Comparing a small answer that is the same each time costs nothing; a body of 1 MiB is compared
// whole, which may make the generator the limit.
std::vector<std::string> closed_loop_arguments(const Setting& setting) {
  if (setting.options.workload.target.starts_with("/bytes/")) return {};
  return {"--verify-body"};
}

std::vector<std::string> open_loop_arguments(const Setting& setting, double rate) {
  std::vector<std::string> arguments{"--verify-body", "--rate", std::to_string(rate)};
  if (setting.options.generator_polls()) arguments.emplace_back("--spin");
  return arguments;
}

// Runs the generator with `extra` arguments and samples the server at the edges of the measured
// window. `at_edge` is called there too: true as the window opens.
template <class AtEdge>
PhaseResult run_phase(const Setting& setting, const Entry& entry, RunningServer& server,
                      const Window& window, const std::vector<std::string>& extra, AtEdge at_edge) {
  const std::vector<int>& cpus = setting.options.server_cpus;
  auto arguments = loadgen_arguments(setting, entry, server.port());
  arguments.insert(arguments.end(), {"--warmup", nanoseconds(window.warmup), "--duration",
                                     nanoseconds(window.length)});
  arguments.insert(arguments.end(), extra.begin(), extra.end());
  Process generator(arguments, {.cpus = setting.options.client_cpus});
  PhaseResult result;
  bool is_open = false;
  while (true) {
    const bool to_half = is_open && window.look_at_half && !result.half;
    const auto line = generator.read_line(
        to_half ? std::chrono::duration_cast<milliseconds>(window.length / 2)
                : std::chrono::duration_cast<milliseconds>(window.warmup + window.length) +
                      milliseconds(60'000));
    if (!line && to_half && generator.is_running() && !interrupted()) {
      result.half = cpu_clock(server.pid());
      continue;
    }
    if (!line) break;
    if (line->starts_with("phase measure")) {
      result.before = sample(server.pid(), cpus);
      at_edge(true);
      is_open = true;
    } else if (line->starts_with("phase drain")) {
      at_edge(false);
      result.after = sample(server.pid(), cpus);
      is_open = false;
    } else if (line->starts_with("{")) {
      result.loadgen = json::parse(*line).as_object();
    }
  }
  if (interrupted()) {
    generator.signal(SIGTERM);
    throw Interrupted{};
  }
  const int status = generator.wait(milliseconds(10'000));
  if (result.loadgen.empty()) {
    throw SliceFailed("load generator for " + entry.name + " ended with " +
                      describe_status(status));
  }
  return result;
}

json::value copy(const json::object& object, std::string_view key, std::string_view inner) {
  const json::value* const outer = object.if_contains(key);
  if (outer == nullptr || !outer->is_object()) return nullptr;
  const json::value* const value = outer->get_object().if_contains(inner);
  return value == nullptr ? json::value(nullptr) : *value;
}

// The kernel counts steal in ticks of 10 ms, over all CPUs: in a window of 200 ms on two of them
// one tick is 2.5 %.
double steal_share(const PhaseResult& phase) {
  const double window =
      static_cast<double>(std::max<std::int64_t>(phase.after.at_ns - phase.before.at_ns, 1));
  return static_cast<double>(phase.after.machine_steal_ns - phase.before.machine_steal_ns) /
         (window * static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN)));
}

// The share of the server's CPUs that was neither idle nor the server's. /proc/stat counts in ticks
// of 10 ms: one for each CPU is allowed for.
double foreign_share(const PhaseResult& phase, std::size_t cpus) {
  const auto wall =
      static_cast<double>((phase.after.at_ns - phase.before.at_ns)) * static_cast<double>(cpus);
  const auto idle = static_cast<double>(phase.after.idle_ns - phase.before.idle_ns);
  const auto own = static_cast<double>(phase.after.cpu_ns - phase.before.cpu_ns);
  const double tick = 1e9 / static_cast<double>(sysconf(_SC_CLK_TCK)) * static_cast<double>(cpus);
  return std::max(wall - idle - own - tick, 0.0) / std::max(wall, 1.0);
}

// The server's CPU time in the second half of the window over that in the first, as rates. At a
// fixed offered rate it is 1, give or take, unless the server was still warming up.
double second_half_to_first(const PhaseResult& phase) {
  if (!phase.half) return 1;
  const auto rate = [](const CpuClock& from, const CpuClock& to) {
    return static_cast<double>(to.cpu_ns - from.cpu_ns) /
           static_cast<double>(std::max<std::int64_t>(to.at_ns - from.at_ns, 1));
  };
  const double first = rate(phase.before, *phase.half);
  return first > 0 ? rate(*phase.half, phase.after) / first : 1;
}

// The numbers of a phase that verdicts and figures use.
json::object summarise(const PhaseResult& phase, std::size_t cpus) {
  const json::object& load = phase.loadgen;
  const double requests = std::max(number(load, {"counts", "completed_in_window"}), 1.0);
  const Sample& before = phase.before;
  const Sample& after = phase.after;
  const auto per_request = [&](auto from, auto to) {
    return static_cast<double>(to - from) / requests;
  };
  const double user = per_request(before.user_ns, after.user_ns);
  const double system = per_request(before.system_ns, after.system_ns);
  const double wall = static_cast<double>(after.at_ns - before.at_ns);
  const double window = 1e9 * number(load, {"measured_s"});
  // We read the server's clock a little after the generator opened or closed its window: its share
  // of the time between the readings, times the generator's window, leaves the lateness out.
  const double server_share = static_cast<double>(after.cpu_ns - before.cpu_ns) / wall;
  // What it spent in polls that found nothing is no cost of a request. It has one thread.
  const double generator_ns = window * number(load, {"cpu", "share"});
  const double polls_ns = std::max(number(load, {"cpu", "total_ns"}) - generator_ns, 0.0);
  json::object metrics{
      {"measured_s", number(load, {"measured_s"})},
      {"requests", requests},
      {"rate", number(load, {"rate", "achieved"})},
      {"offered", copy(load, "rate", "offered")},
      {"p50_ns", copy(load, "latency_ns", "p50")},
      {"p90_ns", copy(load, "latency_ns", "p90")},
      {"p99_ns", copy(load, "latency_ns", "p99")},
      {"p99_9_ns", copy(load, "latency_ns", "p99_9")},
      {"max_ns", copy(load, "latency_ns", "max")},
      {"service_p50_ns", copy(load, "service_ns", "p50")},
      {"send_lag_p50_ns", copy(load, "send_lag_ns", "p50")},
      {"send_lag_p99_ns", copy(load, "send_lag_ns", "p99")},
      {"dispatch_lag_p50_ns", copy(load, "dispatch_lag_ns", "p50")},
      {"dispatch_lag_p99_ns", copy(load, "dispatch_lag_ns", "p99")},
      {"request_errors", number(load, {"counts", "request_errors"})},
      {"generator_cpu_per_request_ns", generator_ns / requests},
      {"generator_share", copy(load, "cpu", "share")},
      {"generator_delay_share", copy(load, "cpu", "run_delay_share")},
      {"server_cpu_per_request_ns", server_share * window / requests},
      {"server_share", server_share},
      {"server_user_per_request_ns", user},
      {"server_system_per_request_ns", system},
      {"faults_per_request", per_request(before.faults, after.faults)},
      {"voluntary_switches_per_request",
       per_request(before.voluntary_switches, after.voluntary_switches)},
      {"involuntary_switches_per_request",
       per_request(before.involuntary_switches, after.involuntary_switches)},
      {"machine_cpu_per_request_ns",
       per_request(before.machine_busy_ns, after.machine_busy_ns) - polls_ns / requests},
      {"steal_share", steal_share(phase)},
      {"foreign_share", foreign_share(phase, cpus)},
      {"second_half_to_first", second_half_to_first(phase)},
      {"rss_bytes", after.rss_bytes},
  };
  json::object object{{"metrics", std::move(metrics)},
                      {"latency", copy(load, "latency_ns", "histogram")}};
  if (const json::value* series = load.if_contains("series")) object["series"] = *series;
  if (const json::value* errors = load.if_contains("errors")) object["errors"] = *errors;
  return object;
}

}  // namespace

void run_slice(const Setting& setting, const Entry& entry, results::Slice& slice,
               std::uint64_t seed) {
  const Options& options = setting.options;
  std::mt19937_64 random(seed);
  RunningServer server(entry, setting.bin, options.server_cpus, random() % 4096);
  const std::uint64_t rss_at_start = sample(server.pid()).rss_bytes;
  const auto ignore = [](bool) {};
  const auto judge = [&](const char* name, const PhaseResult& phase) {
    const std::size_t cpus = options.server_cpus.size();
    slice.phases[name] = summarise(phase, cpus);
    judge_phase({.name = name,
                 .loadgen = phase.loadgen,
                 .steal_share = steal_share(phase),
                 .foreign_share = foreign_share(phase, cpus),
                 .accept_noise = options.accept_noise},
                slice);
  };

  if (!options.only_primary) {
    const PhaseResult closed = run_phase(setting, entry, server, {options.warmup, options.closed},
                                         closed_loop_arguments(setting), ignore);
    judge("closed", closed);
  }
  auto arguments = open_loop_arguments(setting, setting.rate);
  arguments.insert(arguments.end(), {"--seed", std::to_string(seed % 1'000'000)});
  judge("open",
        run_phase(setting, entry, server, {options.warmup, options.open, true}, arguments, ignore));
  if (!setting.counted.empty()) {
    std::vector<EventCounter> counters;
    counters.reserve(setting.counted.size());
    for (const Event event : setting.counted) counters.emplace_back(event, server.pid());
    std::vector<std::uint64_t> counts(counters.size());
    const PhaseResult counted = run_phase(setting, entry, server, counted_window,
                                          closed_loop_arguments(setting), [&](bool) {
                                            for (std::size_t i = 0; i < counters.size(); ++i)
                                              counts[i] = counters[i].read() - counts[i];
                                          });
    const double requests =
        std::max(number(counted.loadgen, {"counts", "completed_in_window"}), 1.0);
    json::object metrics{{"requests", requests}};
    for (std::size_t i = 0; i < counters.size(); ++i) {
      metrics[std::string(name_of(setting.counted[i])) + "_per_request"] =
          static_cast<double>(counts[i]) / requests;
    }
    slice.phases["counted"] = json::object{{"metrics", std::move(metrics)}};
  }
  const std::uint64_t rss = sample(server.pid()).rss_bytes;
  json::object memory{{"rss_at_start_bytes", rss_at_start}, {"rss_at_end_bytes", rss}};
  slice.phases["memory"] = json::object{{"metrics", std::move(memory)}};
  if (auto stats = server.stop()) {
    const double wakeups = number(*stats, {"wakeups"});
    if (wakeups > 0) (*stats)["requests_per_wakeup"] = number(*stats, {"requests"}) / wakeups;
    slice.phases["server"] = json::object{{"metrics", std::move(*stats)}};
  }
}

double calibrate(const Setting& setting, const Entry& entry) {
  RunningServer server(entry, setting.bin, setting.options.server_cpus, 0);
  const PhaseResult phase =
      run_phase(setting, entry, server, calibration_window, {"--verify-body"}, [](bool) {});
  server.stop();
  return number(phase.loadgen, {"rate", "achieved"});
}

double generator_share(const Setting& setting, const Entry& entry, double rate) {
  RunningServer server(entry, setting.bin, setting.options.server_cpus, 0);
  const PhaseResult phase = run_phase(setting, entry, server, calibration_window,
                                      open_loop_arguments(setting, rate), [](bool) {});
  server.stop();
  return number(phase.loadgen, {"cpu", "share"});
}

}  // namespace duelio::compare
