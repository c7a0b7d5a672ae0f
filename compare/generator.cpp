#include "compare/generator.h"

#include <algorithm>

#include <boost/json.hpp>

#include "compare/probe.h"
#include "compare/server.h"

namespace duelio::compare {

namespace json = boost::json;
using std::chrono::milliseconds;

namespace {

// A response that takes longer is a failure of its server.
constexpr milliseconds response_limit{2000};
constexpr milliseconds connect_limit{60'000};

std::string url_of(const Endpoint& server) {
  if (server.is_unix()) return "http://127.0.0.1";  // for the host field
  return "http://" + server.host + ":" + std::to_string(server.port);
}

std::vector<std::string> connecting_to(const Endpoint& server, std::vector<std::string> arguments) {
  if (server.is_unix()) arguments.insert(arguments.end(), {"--unix-socket", server.path()});
  return arguments;
}

std::vector<std::string> arguments_for(const Generator::Target& target,
                                       const results::Workload& workload,
                                       const results::Plan& plan) {
  const std::string path =
      target.handler_cpu_ns > 0 ? "/cpu/" + std::to_string(target.handler_cpu_ns) : workload.target;
  std::string cpus;
  for (const int cpu : plan.client_cpus) cpus += (cpus.empty() ? "" : ",") + std::to_string(cpu);
  std::vector<std::string> arguments{
      executables_folder() + "/duelio-loadgen",
      "--control",
      url_of(target.server) + path,
      "--verify-body",
      "--timeout",
      std::to_string(response_limit.count()) + "ms",
      "--cpus",
      cpus,
      "--threads",
      std::to_string(plan.generator_threads.value_or(1)),
      "--connections",
      std::to_string(plan.connections),
      "--pipeline",
      std::to_string(workload.pipeline),
      "--requests-per-connection",
      std::to_string(workload.requests_per_connection),
      "--method",
      workload.method,
      "--body-bytes",
      std::to_string(workload.body_bytes),
      "--idle-connections",
      std::to_string(workload.idle_connections + target.idle_connections)};
  if (target.tells_samples) arguments.emplace_back("--raw-samples");
  return arguments;
}

std::string in_ns(std::chrono::nanoseconds time) {
  return std::to_string(time.count()) + "ns";
}

}  // namespace

Generator::Generator(const Target& target, const results::Workload& workload,
                     const results::Plan& plan)
    : entry_(target.entry),
      process_(connecting_to(target.server, arguments_for(target, workload, plan)),
               {.cpus = plan.client_cpus}) {
  const json::object connected = ask("connect", connect_limit);
  const json::value& wanted = connected.at("wanted");
  if (connected.at("connections") == wanted) return;
  const json::value& error = connected.at("error");
  throw EntryFailed(
      entry_, "did not take its connections: " + json::serialize(connected.at("connections")) +
                  " of " + json::serialize(wanted) + " opened" +
                  (error.is_object() ? " (" + std::string(error.at("what").as_string()) + ")"
                                     : std::string()));
}

json::object Generator::ask(const std::string& command, milliseconds limit) {
  std::optional<std::string> line;
  if (process_.write_line(command)) line = process_.read_line(limit);
  if (interrupted()) throw Interrupted{};
  if (!line)
    throw EntryFailed(entry_, "got no word from its load generator after '" + command + "'");
  json::object reply = json::parse(*line).as_object();
  if (reply.at("type") == "error")
    throw EntryFailed(entry_, "could not be loaded: " + std::string(reply.at("what").as_string()));
  return reply;
}

json::object Generator::line_of(const WindowOrder& order) {
  std::string command = "window lead_in=" + in_ns(order.lead_in) +
                        " length=" + in_ns(order.length) + " seed=" + std::to_string(order.seed);
  if (order.rate) command += " rate=" + std::to_string(*order.rate);
  if (order.rate && order.polls) command += " spin=1";
  if (order.at) command += " at=" + std::to_string(*order.at);
  std::string pids;
  for (const pid_t pid : order.server) pids += (pids.empty() ? "" : ",") + std::to_string(pid);
  if (!pids.empty()) command += " pids=" + pids;
  const auto length = std::chrono::duration_cast<milliseconds>(order.lead_in + order.length);
  return ask(command, length + 2 * response_limit + milliseconds(30'000));
}

WindowReport report_of(const json::object& reply, const WindowOrder& order) {
  const json::value& counts = reply.at("counts");
  WindowReport report;
  report.length_s = reply.at("length_ns").to_number<double>() * 1e-9;
  report.scheduled = counts.at(order.rate ? "scheduled" : "sent").to_number<std::uint64_t>();
  report.completed = counts.at("completed").to_number<std::uint64_t>();
  report.finished = reply.at("completed").to_number<std::uint64_t>();
  if (const json::value& server = reply.at("server"); server.is_object()) {  // null: elsewhere
    for (const json::value& process : server.at("processes").as_array()) {
      const json::value& cpu_ns = process.at("cpu_ns");
      if (cpu_ns.is_number()) {
        report.server_cpu_ns += cpu_ns.to_number<std::int64_t>();
      } else {
        ++report.lost_processes;
      }
    }
  }
  if (const json::value& lag = reply.at("dispatch_lag_ns");
      lag.is_object() && lag.at("p50").is_number())
    report.dispatch_lag_p50_ns = lag.at("p50").to_number<double>();
  for (const json::value& each : reply.at("threads").as_array()) {
    const json::object& thread = each.as_object();
    report.generator_share =
        std::max(report.generator_share, thread.at("busy").to_number<double>());
    const json::value* const apart = thread.if_contains("edges_apart_ns");
    if (apart == nullptr) continue;
    // One that never opened its window was as far away as can be.
    report.edges_apart_s =
        std::max(report.edges_apart_s.value_or(0),
                 apart->is_number() ? apart->to_number<double>() * 1e-9 : report.length_s);
    if (const json::value& lag = thread.at("dispatch_lag_p50_ns"); lag.is_number())
      report.dispatch_lag_p50_ns = std::max(report.dispatch_lag_p50_ns, lag.to_number<double>());
  }
  for (const json::value& error : reply.at("errors").as_array()) {
    const json::value& number = error.at("errno");  // null for a wrong answer
    report.failures.push_back({.kind = json::value_to<std::string>(error.at("class")),
                               .error = number.is_null() ? 0 : number.to_number<int>(),
                               .count = error.at("count").to_number<std::uint64_t>()});
  }
  if (const json::value& latency = reply.at("latency_ns"); latency.is_object())  // null: no request
    report.latency = Histogram::from_json(latency.at("histogram"));
  if (const json::value* const samples = reply.if_contains("samples_ns"))
    report.samples_ns = json::value_to<std::vector<std::int64_t>>(*samples);
  return report;
}

std::vector<ThreadTimes> Generator::thread_times() const {
  return compare::thread_times(process_.pid());
}

}  // namespace duelio::compare
