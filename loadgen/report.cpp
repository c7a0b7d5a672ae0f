#include "loadgen/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iomanip>

#include <boost/json.hpp>

#include "common/os/error.h"
#include "common/units.h"
#include "common/version.h"
#include "loadgen/tally_json.h"
#include "loadgen/verdict.h"

namespace duelio::loadgen {

namespace json = boost::json;

namespace {

std::uint64_t quantile_of(const Second& second, double quantile) {
  std::uint64_t total = 0;
  for (const auto& [value, count] : second.latencies) total += count;
  std::uint64_t seen = 0;
  for (const auto& [value, count] : second.latencies) {
    seen += count;
    if (static_cast<double>(seen) >= quantile * static_cast<double>(total)) return value;
  }
  return 0;
}

json::array headers_of(const Options& options) {
  json::array headers;
  for (const Header& header : options.headers) headers.emplace_back(shown(header));
  return headers;
}

json::array addresses_of(const Result& result) {
  json::array addresses;
  for (const Result::Address& each : result.addresses) {
    addresses.push_back(json::object{
        {"address", each.text},
        {"opened", each.opened},
        {"first_error", each.first_error == 0 ? json::value(nullptr)
                                              : json::value(os::errno_name(each.first_error))}});
  }
  return addresses;
}

}  // namespace

json::object to_json(const Options& options, const Result& result) {
  const Tally& tally = result.tally;
  const BuildInfo& build = build_info();
  const auto seconds = [](std::chrono::nanoseconds time) {
    return static_cast<double>(time.count()) * 1e-9;
  };
  const bool open_loop = options.rate.has_value();

  json::array series;
  for (std::size_t i = 0; i < tally.series.size(); ++i) {
    const Second& second = tally.series[i];
    series.push_back(json::object{{"t_s", std::min(static_cast<double>(i + 1), result.measured_s)},
                                  {"completed", second.completed},
                                  {"errors", second.errors},
                                  {"p50_ns", quantile_of(second, 0.5)},
                                  {"p99_ns", quantile_of(second, 0.99)}});
  }
  json::array cpus;
  for (const int cpu : options.cpus) cpus.push_back(cpu);
  const LittlesLaw law = littles_law(result);
  const Verdict verdict = judge(options, result);
  json::array reasons;
  for (const std::string& reason : verdict.reasons) reasons.emplace_back(reason);
  const double completed =
      static_cast<double>(std::max<std::uint64_t>(tally.completed_in_window, 1));

  return {
      {"schema", "duelio-loadgen/1"},
      {"build", json::object{{"version", build.version},
                             {"revision", build.revision},
                             {"preset", build.preset},
                             {"compiler", build.compiler},
                             {"flags", build.flags},
                             {"boost", build.boost}}},
      {"config",
       json::object{
           {"url", options.url},
           {"loop", open_loop ? "open" : "closed"},
           {"connections", options.connections},
           {"threads", options.threads},
           {"cpus", std::move(cpus)},
           {"warmup_s", seconds(options.warmup)},
           {"duration_s",
            options.requests == 0 ? json::value(seconds(options.duration)) : json::value(nullptr)},
           {"requests",
            options.requests > 0 ? json::value(options.requests) : json::value(nullptr)},
           {"rate", open_loop ? json::value(*options.rate) : json::value(nullptr)},
           {"arrivals", options.arrivals == Arrivals::poisson ? "poisson" : "constant"},
           {"connection_choice",
            options.connection_choice == ConnectionChoice::random ? "random" : "longest-unused"},
           {"pipeline", options.pipeline},
           {"requests_per_connection", options.requests_per_connection},
           {"method", options.method},
           {"headers", headers_of(options)},
           {"body_file",
            options.body_file.empty() ? json::value(nullptr) : json::value(options.body_file)},
           {"body_bytes", options.body_bytes},
           {"body_bytes_max", options.body_bytes_max},
           {"expect_status", options.expect_status},
           {"timeout_s", seconds(options.timeout)},
           {"idle_connections", options.idle_connections},
           {"slow_clients", options.slow_clients},
           {"slow_gap_s", seconds(options.slow_gap)},
           {"ramp_s", seconds(options.ramp)},
           {"verify_body", options.verify_body},
           {"spin", options.spin},
           {"seed", options.seed}}},
      {"interrupted", result.interrupted},
      {"start_unix_ns", result.start_unix_ns},
      {"measured_s", result.measured_s},
      {"counts",
       json::object{
           {"scheduled", open_loop ? json::value(tally.scheduled) : json::value(nullptr)},
           {"unsent", open_loop ? json::value(tally.unsent) : json::value(nullptr)},
           {"had_to_wait", open_loop ? json::value(tally.had_to_wait) : json::value(nullptr)},
           {"sent", tally.sent},
           {"completed", tally.completed},
           {"in_flight", tally.in_flight},
           {"request_errors", tally.request_errors},
           {"resent", tally.resent},
           {"completed_in_window", tally.completed_in_window}}},
      {"errors", errors_of(tally)},
      {"bytes", json::object{{"sent", tally.bytes_sent}, {"received", tally.bytes_received}}},
      {"connections", json::object{{"requested", options.connections},
                                   {"established", tally.established},
                                   {"beside_requested", options.beside()},
                                   {"beside_established", tally.established_beside},
                                   {"peak", tally.peak},
                                   {"reconnects", tally.reconnects},
                                   {"source_addresses", result.source_addresses},
                                   {"addresses", addresses_of(result)}}},
      {"slow_clients", options.slow_clients == 0
                           ? json::value(nullptr)
                           : json::object{{"bytes_sent", tally.slow.bytes_sent},
                                          {"completed", tally.slow.completed},
                                          {"closed", tally.slow.closed},
                                          {"failed", tally.slow.failed}}},
      {"rate",
       json::object{{"offered", open_loop ? json::value(*options.rate) : json::value(nullptr)},
                    {"achieved", achieved_rate(result)}}},
      {"latency_ns", distribution_of(tally.latency)},
      {"service_ns", distribution_of(open_loop ? tally.service : tally.latency)},
      {"send_lag_ns", distribution_of(tally.send_lag)},
      {"dispatch_lag_ns", distribution_of(tally.dispatch_lag)},
      {"connect_ns", distribution_of(tally.connect)},
      {"series", std::move(series)},
      {"cpu", json::object{{"total_ns", tally.cpu_ns},
                           {"user_ns", tally.user_ns},
                           {"system_ns", tally.system_ns},
                           {"per_request_ns", static_cast<double>(tally.cpu_ns) / completed},
                           {"share", tally.max_thread_share},
                           {"run_delay_share", run_delay_share(options, result)}}},
      {"checks", json::object{{"conservation", is_conserved(tally, open_loop)},
                              {"littles_law", json::object{{"lambda", law.lambda},
                                                           {"w_s", law.w},
                                                           {"lambda_w", law.lambda * law.w},
                                                           {"measured_l", law.measured_l},
                                                           {"ok", law.ok}}}}},
      {"search", nullptr},
      {"verdict", json::object{{"usable", verdict.usable},
                               {"generator_limited", verdict.generator_limited},
                               {"reasons", std::move(reasons)}}},
  };
}

void print_summary(std::ostream& out, const Options& options, const Result& result) {
  const Tally& tally = result.tally;
  const auto row = [&](const char* name, const Histogram& histogram) {
    if (histogram.count() == 0) return;
    out << "  " << name;
    for (const auto& [label, quantile] : quantiles) {
      const std::string text =
          histogram.supports(quantile)
              ? format_duration(static_cast<double>(histogram.quantile(quantile)) * 1e-9)
              : "-";
      out << ' ' << std::setw(10) << text;
    }
    const std::string max = format_duration(static_cast<double>(histogram.max()) * 1e-9);
    out << ' ' << std::setw(10) << max << '\n';
  };
  const auto yes = [](bool value) { return value ? "yes" : "NO"; };

  out << options.url << "  ";
  for (const Result::Address& each : result.addresses) {
    if (each.opened > 0) out << "at " << each.text << "  ";
  }
  out << (options.rate ? "open loop" : "closed loop") << ", " << tally.established << " of "
      << options.connections << " connections, " << format_duration(result.measured_s)
      << (options.requests > 0 ? " for " + std::to_string(options.requests) + " requests" : "")
      << (result.interrupted ? " (interrupted)" : "") << "\n\n";
  out << "  rate        " << format_count(achieved_rate(result)) << "/s";
  if (options.rate) out << " of " << format_count(*options.rate) << "/s offered";
  out << ", "
      << format_bytes(static_cast<double>(tally.bytes_received) / std::max(result.measured_s, 1e-9))
      << "/s received\n";
  out << "  requests    " << tally.sent << " sent, " << tally.completed << " completed, "
      << tally.request_errors << " failed, " << tally.in_flight << " in flight";
  if (tally.resent > 0) out << ", " << tally.resent << " resent";
  if (options.rate)
    out << ", " << tally.unsent << " unsent; " << tally.had_to_wait << " found no connection free";
  out << "\n\n                     p50        p75        p90        p95        p99      p99.9     "
         "p99.99        max\n";
  row("latency  ", tally.latency);
  row("service  ", tally.service);
  row("send lag ", tally.send_lag);
  row("dispatch ", tally.dispatch_lag);
  row("connect  ", tally.connect);
  out << '\n';
  if (result.addresses.size() > 1) {
    for (const Result::Address& each : result.addresses) {
      if (each.opened == 0 && each.first_error == 0) continue;
      out << "  address     " << each.text << ", " << each.opened << " connections opened";
      if (each.first_error != 0) out << ", failed with " << os::errno_name(each.first_error);
      out << '\n';
    }
  }
  for (const auto& [kind, count] : tally.errors) {
    out << "  error       " << count << " x "
        << error_class_names[static_cast<std::size_t>(kind.first)];
    if (has_errno(kind.first) && kind.second != 0) {
      out << " (" << os::errno_name(kind.second) << ")";
    } else if (kind.first == ErrorClass::status) {
      out << ": " << kind.second;
    } else if (kind.first == ErrorClass::malformed) {
      const auto flaw = static_cast<Flaw>(kind.second);
      out << ": " << describe(flaw) << " at byte " << tally.first_refused.at(flaw);
    }
    out << '\n';
  }
  if (options.slow_clients > 0) {
    out << "  slow        " << options.slow_clients << " clients sent " << tally.slow.bytes_sent
        << " bytes, " << tally.slow.completed << " requests completed, " << tally.slow.failed
        << " failed, " << tally.slow.closed << " hangups\n";
  }
  const Verdict verdict = judge(options, result);
  const double completed =
      static_cast<double>(std::max<std::uint64_t>(tally.completed_in_window, 1));
  out << "  generator   " << format_duration(static_cast<double>(tally.cpu_ns) * 1e-9 / completed)
      << " CPU per request, busiest thread " << format_percent(tally.max_thread_share) << ", "
      << (verdict.generator_limited ? "WAS OR MAY HAVE BEEN THE LIMIT" : "was not the limit")
      << '\n';
  out << "  checks      every request accounted for: "
      << yes(is_conserved(tally, options.rate.has_value()))
      << ", Little's law: " << yes(littles_law(result).ok) << ", usable: " << yes(verdict.usable)
      << '\n';
  for (const std::string& reason : verdict.reasons) out << "  note        " << reason << '\n';
}

void write_hgrm(std::ostream& out, const Histogram& histogram) {
  std::array<char, 128> line{};
  const auto put = [&](double value_us, double quantile, std::uint64_t count) {
    const int n =
        quantile < 1
            ? std::snprintf(line.data(), line.size(), "%12.3f %14.12f %10llu %14.2f\n", value_us,
                            quantile, static_cast<unsigned long long>(count), 1 / (1 - quantile))
            : std::snprintf(line.data(), line.size(), "%12.3f %14.12f %10llu\n", value_us, quantile,
                            static_cast<unsigned long long>(count));
    out.write(line.data(), n);
  };
  out << "       Value     Percentile TotalCount 1/(1-Percentile)\n\n";
  const auto total = static_cast<double>(histogram.count());
  std::uint64_t seen = 0;
  double next = 0;  // five steps for each halving of the distance to 1, as HdrHistogram prints it
  histogram.for_each([&](std::uint64_t lower, std::uint64_t upper, std::uint64_t count) {
    seen += count;
    const double reached = static_cast<double>(seen) / total;
    const double value_us = static_cast<double>(std::clamp(lower + (upper - lower) / 2,
                                                           histogram.min(), histogram.max())) *
                            1e-3;
    while (next <= reached && next < 1) {
      put(value_us, next, seen);
      const double half_distance = std::exp2(std::floor(std::log2(1 / (1 - next))) + 1);
      next += 1 / (half_distance * 5);
      if (1 - next < 0.5 / total) break;
    }
  });
  if (histogram.count() > 0) put(static_cast<double>(histogram.max()) * 1e-3, 1, histogram.count());
  std::snprintf(line.data(), line.size(), "#[Mean    = %12.3f, StdDeviation   = %12s]\n",
                histogram.mean() * 1e-3, "-");
  out << line.data();
  std::snprintf(line.data(), line.size(), "#[Max     = %12.3f, Total count    = %12llu]\n",
                static_cast<double>(histogram.max()) * 1e-3,
                static_cast<unsigned long long>(histogram.count()));
  out << line.data() << "#[Buckets = " << 31 << ", SubBuckets     = 2048]\n";
}

}  // namespace duelio::loadgen
