#include "results/report/gbench.h"

#include <boost/json.hpp>

namespace duelio::results {

namespace json = boost::json;

namespace {

std::optional<double> real_time(const Slice& slice, std::string_view phase) {
  if (!slice.keeps_wall_clock(phase)) return std::nullopt;
  if (phase == "open") return slice.metric(phase, "p50_ns");
  const auto rate = slice.metric(phase, "rate");
  return rate && *rate > 0 ? std::optional(1e9 / *rate) : std::nullopt;
}

}  // namespace

std::string to_gbench_json(const Report& report) {
  const auto rounds = complete_rounds(report.run);
  const json::object& manifest = report.run.manifest;
  json::array benchmarks;
  int family = 0;
  const auto add = [&](const std::string& entry, bool is_control, std::string_view phase) {
    const std::string name = entry + (is_control ? "-again/" : "/") + std::string(phase);
    int repetition = 0;
    for (const auto& [number, round] : rounds) {
      for (const Slice* slice : round) {
        if (slice->entry != entry || (slice->role == "control") != is_control) continue;
        const auto cpu = slice->metric(phase, "server_cpu_per_request_ns");
        const auto real = real_time(*slice, phase);
        if (!cpu || !real) continue;
        benchmarks.push_back(
            json::object{{"name", name},
                         {"family_index", family},
                         {"per_family_instance_index", 0},
                         {"run_name", name},
                         {"run_type", "iteration"},
                         {"repetitions", rounds.size()},
                         {"repetition_index", repetition++},
                         {"threads", 1},
                         {"iterations",
                          static_cast<std::uint64_t>(slice->metric(phase, "requests").value_or(1))},
                         {"real_time", *real},
                         {"cpu_time", *cpu},
                         {"time_unit", "ns"}});
      }
    }
    if (repetition > 0) ++family;
  };
  for (const std::string_view phase : {"open", "closed"}) {
    for (const std::string& entry : report.run.entries()) add(entry, false, phase);
    add(report.run.reference(), true, phase);
  }
  const json::object& machine = manifest.at("machine").as_object();
  const json::object context{{"date", manifest.at("started")},
                             {"host_name", machine.at("cpu")},
                             {"executable", manifest.at("command").as_array().at(0)},
                             {"num_cpus", machine.at("cpus")},
                             {"mhz_per_cpu", 0},
                             {"cpu_scaling_enabled", false},
                             {"caches", json::array()},
                             {"load_avg", json::array()},
                             {"library_build_type", manifest.at("build").at("preset")}};
  return json::serialize(
             json::object{{"context", context}, {"benchmarks", std::move(benchmarks)}}) +
         "\n";
}

}  // namespace duelio::results
