#include "results/report/data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <boost/json.hpp>

#include "common/histogram.h"

namespace duelio::results {

namespace json = boost::json;

namespace {

double quantile_of_sorted(const std::vector<double>& sorted, double quantile) {
  const double position = quantile * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double weight = position - static_cast<double>(below);
  return sorted[below] * (1 - weight) + sorted[above] * weight;
}

std::string percentile_name(double quantile) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", 100 * quantile);
  return text.data();
}

double idle_connections(const json::object& object) {
  const json::value* const idle = object.if_contains("idle_connections");
  return idle == nullptr ? 0 : idle->to_number<double>();
}

// A last second that is not half over has too few samples and is left out.
json::array seconds_of(const Slice& slice) {
  json::array rows;
  const json::value* const open = slice.phases.if_contains("open");
  const json::value* const series =
      open == nullptr ? nullptr : open->as_object().if_contains("series");
  if (series == nullptr) return rows;
  double before = 0;
  for (const json::value& second : series->as_array()) {
    const double until = second.at("t_s").to_number<double>();
    const double lasted = until - before;
    before = until;
    if (lasted < 0.5 || !second.at("p99_ns").is_number()) continue;
    rows.push_back(
        json::object{{"round", slice.round},
                     {"second", std::ceil(until)},
                     {"rate", rounded(second.at("completed").to_number<double>() / lasted)},
                     {"us", rounded(second.at("p99_ns").to_number<double>() * 1e-3)}});
  }
  return rows;
}

}  // namespace

double rounded(double value) {
  if (value == 0) return 0;
  const double scale = std::pow(10, 4 - std::ceil(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

std::vector<const Slice*> slices_of(const Report& report, std::string_view entry) {
  std::vector<const Slice*> slices;
  for (const auto& [number, round] : complete_rounds(report.run)) {
    for (const Slice* slice : round) {
      if (slice->entry == entry && slice->role != "control") slices.push_back(slice);
    }
  }
  return slices;
}

Middle middle_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {.median = rounded(quantile_of_sorted(values, 0.5)),
          .low = rounded(quantile_of_sorted(values, 0.25)),
          .high = rounded(quantile_of_sorted(values, 0.75))};
}

Report::Report(Run loaded) : run(std::move(loaded)), rule(rule_of(run)) {
  rounds = complete_rounds(run).size();
  std::set<std::pair<int, int>> seen;
  for (const Slice& slice : run.slices) seen.insert({slice.round, slice.attempt});
  attempts = seen.size();
  for (const Metric& metric : metrics()) {
    MetricVerdict verdict = judge(run, metric, rule);
    if (verdict.reference_median) verdicts.push_back(std::move(verdict));
  }
}

const MetricVerdict* Report::primary() const noexcept {
  return !verdicts.empty() && verdicts.front().primary ? &verdicts.front() : nullptr;
}

std::string_view Report::kind(std::string_view entry) const {
  for (const json::value& each : run.manifest.at("entries").as_array()) {
    if (each.at("name").as_string() != entry) continue;
    const json::value* const kind = each.as_object().if_contains("kind");
    if (kind == nullptr || *kind != "peer") break;
    return entry.starts_with("floor") ? "floor" : "peer";
  }
  return "backend";
}

std::string Report::label(std::string_view entry) const {
  const std::string_view what = kind(entry);
  return std::string(entry) + (what == "backend" ? "" : " (" + std::string(what) + ")");
}

json::array ratio_rows(const MetricVerdict& verdict, const Report& report) {
  json::array rows;
  const auto add = [&](const Contrast& contrast, const std::string& entry, std::string_view word) {
    if (!contrast.ratio || !contrast.interval) return;
    rows.push_back(json::object{
        {"entry", entry},
        {"kind", report.kind(contrast.entry)},
        {"title", std::string(verdict.metric->title) + (verdict.primary ? "" : " (exploratory)")},
        {"ratio", rounded(*contrast.ratio)},
        {"low", rounded(contrast.interval->low)},
        {"high", rounded(contrast.interval->high)},
        {"word", word},
        {"band_low", rounded(1 / (1 + verdict.minimum_effect))},
        {"band_high", rounded(1 + verdict.minimum_effect)}});
  };
  add(verdict.control, report.label(report.run.reference()) + " again",
      "control " + std::string(to_string(verdict.control_state)));
  for (const Contrast& contrast : verdict.contrasts)
    add(contrast, report.label(contrast.entry), to_string(contrast.word));
  return rows;
}

json::array latency_rows(const Report& report) {
  // Even steps on an axis of nines, from the median's neighbourhood to the far tail.
  std::vector<double> nines;
  for (int step = 0; step <= 40; ++step) nines.push_back(step / 10.0);
  json::array rows;
  for (const std::string& entry : report.run.entries()) {
    std::vector<Histogram> histograms;
    for (const Slice* slice : slices_of(report, entry)) {
      const json::value* const open = slice->phases.if_contains("open");
      if (open == nullptr || !slice->keeps_wall_clock("open")) continue;
      const json::value* const latency = open->as_object().if_contains("latency");
      if (latency != nullptr && latency->is_object())
        histograms.push_back(Histogram::from_json(*latency));
    }
    if (histograms.empty()) continue;
    for (const double nine : nines) {
      const double quantile = 1 - std::pow(10, -nine);
      std::vector<double> values;
      for (const Histogram& histogram : histograms) {
        if (histogram.supports(quantile))
          values.push_back(static_cast<double>(histogram.quantile(quantile)) * 1e-3);
      }
      if (values.size() < histograms.size()) break;
      const Middle us = middle_of(std::move(values));
      rows.push_back(json::object{{"entry", report.label(entry)},
                                  {"percentile", percentile_name(quantile)},
                                  {"nines", nine},
                                  {"us", us.median},
                                  {"low_us", us.low},
                                  {"high_us", us.high}});
    }
  }
  return rows;
}

json::array cpu_rows(const Report& report) {
  json::array rows;
  for (const std::string& entry : report.run.entries()) {
    std::vector<double> total;
    double user_ns = 0;  // the kernel tells these two in ticks of 10 ms: only their sums mean much
    double system_ns = 0;
    for (const Slice* slice : slices_of(report, entry)) {
      const auto cpu = slice->metric("open", "server_cpu_per_request_ns");
      const auto user = slice->metric("open", "server_user_per_request_ns");
      const auto system = slice->metric("open", "server_system_per_request_ns");
      const auto requests = slice->metric("open", "requests");
      if (!cpu || !user || !system || !requests) continue;
      total.push_back(*cpu * 1e-3);
      user_ns += *user * *requests;
      system_ns += *system * *requests;
    }
    if (total.empty() || user_ns + system_ns <= 0) continue;
    const double us = stats::median(total);
    const double share = user_ns / (user_ns + system_ns);
    rows.push_back(json::object{{"entry", report.label(entry)},
                                {"part", "user"},
                                {"order", 0},
                                {"us", rounded(us * share)}});
    rows.push_back(json::object{{"entry", report.label(entry)},
                                {"part", "kernel"},
                                {"order", 1},
                                {"us", rounded(us * (1 - share))}});
  }
  return rows;
}

std::span<const Count> counts() noexcept {
  static constexpr std::array all{
      Count{"counts-syscalls", "syscalls_per_request", "system calls"},
      Count{"counts-instructions", "instructions_per_request", "instructions"},
      Count{"counts-cache-misses", "cache_misses_per_request", "cache misses"}};
  return all;
}

json::array count_rows(const Report& report, const Count& count) {
  json::array rows;
  for (const std::string& entry : report.run.entries()) {
    std::vector<double> values;
    for (const Slice* slice : slices_of(report, entry)) {
      if (const auto value = slice->metric("counted", count.key)) values.push_back(*value);
    }
    if (!values.empty())
      rows.push_back(
          json::object{{"entry", report.label(entry)}, {"count", rounded(stats::median(values))}});
  }
  return rows;
}

json::array memory_rows(const Report& report) {
  json::array rows;
  const double idle_of_all = idle_connections(report.run.manifest.at("workload").as_object());
  for (const json::value& entry : report.run.manifest.at("entries").as_array()) {
    const std::string_view name = entry.at("name").as_string();
    const double idle = idle_of_all + idle_connections(entry.as_object());
    std::vector<double> values;
    for (const Slice* slice : slices_of(report, name)) {
      const auto before = slice->metric("memory", "rss_at_start_bytes");
      const auto after = slice->metric("memory", "rss_at_end_bytes");
      const double connections = static_cast<double>(slice->connections) + idle;
      if (before && after && connections > 0)
        values.push_back((*after - *before) / connections / 1024);
    }
    if (!values.empty())
      rows.push_back(
          json::object{{"entry", report.label(name)}, {"kib", rounded(stats::median(values))}});
  }
  return rows;
}

json::array round_rows(const Report& report) {
  std::set<const Slice*> valid;
  for (const auto& [number, round] : complete_rounds(report.run))
    valid.insert(round.begin(), round.end());
  json::array rows;
  // By entry first: figures give out colours in the order of appearance.
  std::vector<const Slice*> slices;
  for (const std::string& entry : report.run.entries()) {
    for (const Slice& slice : report.run.slices) {
      if (slice.entry == entry) slices.push_back(&slice);
    }
  }
  for (const Slice* const each : slices) {
    const Slice& slice = *each;
    const auto cpu = slice.metric("open", "server_cpu_per_request_ns");
    if (!cpu) continue;
    std::string causes;
    for (const std::string& cause : slice.causes) causes += (causes.empty() ? "" : ", ") + cause;
    rows.push_back(json::object{{"entry", report.label(slice.entry)},
                                {"role", slice.role},
                                {"round", slice.round},
                                {"attempt", slice.attempt},
                                {"minutes", rounded(slice.started_s / 60)},
                                {"us", rounded(*cpu * 1e-3)},
                                {"valid", valid.contains(&slice)},
                                {"causes", causes}});
  }
  return rows;
}

json::array second_rows(const Report& report) {
  json::array rows;
  for (const std::string& entry : report.run.entries()) {
    for (const Slice* slice : slices_of(report, entry)) {
      if (!slice->keeps_wall_clock("open")) continue;
      json::array seconds = seconds_of(*slice);
      if (seconds.size() < 2) continue;
      for (json::value& second : seconds) {
        second.as_object()["entry"] = report.label(entry);
        rows.push_back(std::move(second));
      }
    }
  }
  return rows;
}

}  // namespace duelio::results
