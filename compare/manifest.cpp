#include "compare/manifest.h"

#include <array>
#include <ctime>
#include <filesystem>

#include <boost/json.hpp>

#include "common/version.h"
#include "compare/probe.h"
#include "results/metrics.h"
#include "results/record.h"

namespace duelio::compare {

namespace json = boost::json;

using Seconds = std::chrono::duration<double>;

json::object manifest(const Options& options, double rate, std::int64_t started_unix_s) {
  const BuildInfo& build = build_info();
  json::array entries;
  for (const Entry& entry : options.entries) {
    const auto or_null = [](const std::string& text) {
      return text.empty() ? json::value(nullptr) : json::value(text);
    };
    entries.push_back(json::object{{"name", entry.name},
                                   {"kind", entry.peer_file.empty() ? "backend" : "peer"},
                                   {"backend", or_null(entry.backend)},
                                   {"peer_file", or_null(entry.peer_file)},
                                   {"server", or_null(entry.server)},
                                   {"sharing", or_null(entry.sharing)},
                                   {"threads", entry.threads},
                                   {"idle_connections", entry.idle_connections},
                                   {"handler_cpu_ns", entry.handler_cpu_ns}});
  }
  const Workload& workload = options.workload;
  std::array<char, 64> time{};
  const std::time_t started = started_unix_s;
  std::tm utc{};
  gmtime_r(&started, &utc);
  std::strftime(time.data(), time.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  json::array command;
  command.emplace_back(std::filesystem::path(options.command.front()).filename().string());
  for (std::size_t i = 1; i < options.command.size(); ++i) command.emplace_back(options.command[i]);
  return {{"type", "manifest"},
          {"schema", results::schema},
          {"command", std::move(command)},
          {"started", time.data()},
          {"seed", options.seed},
          {"preset", options.preset},
          {"reference", options.reference},
          {"entries", std::move(entries)},
          {"workload", json::object{{"name", workload.name},
                                    {"target", workload.target},
                                    {"pipeline", workload.pipeline},
                                    {"requests_per_connection", workload.requests_per_connection},
                                    {"method", workload.method},
                                    {"body_bytes", workload.body_bytes},
                                    {"idle_connections", workload.idle_connections}}},
          {"plan",
           json::object{
               {"looks", json::value_from(options.looks)},
               {"alpha", options.alpha},
               {"minimum_effect", options.minimum_effect},
               {"primary", metrics().front().id},
               {"warmup_s", Seconds(options.warmup).count()},
               {"closed_s", Seconds(options.closed).count()},
               {"open_s", Seconds(options.open).count()},
               {"accept_noise", options.accept_noise},
               {"only_primary", options.only_primary},
               {"generator_polls", options.generator_polls()},
               {"connections", options.connections},
               {"cell", options.cell},
               {"cells", options.cells},
               {"rate", rate},
               {"rate_source",
                options.rate
                    ? "--rate"
                    : "0.3 of the slowest entry's closed loop, or what the generator can pace"},
               {"server_cpus", json::value_from(options.server_cpus)},
               {"client_cpus", json::value_from(options.client_cpus)}}},
          {"machine", describe_machine()},
          {"build", json::object{{"version", build.version},
                                 {"revision", build.revision},
                                 {"preset", build.preset},
                                 {"compiler", build.compiler},
                                 {"flags", build.flags},
                                 {"boost", build.boost}}}};
}

}  // namespace duelio::compare
