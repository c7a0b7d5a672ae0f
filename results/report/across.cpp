#include "results/report/across.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <boost/json.hpp>

#include "common/units.h"
#include "results/likeness.h"
#include "results/report/markup.h"

namespace duelio::results {

namespace json = boost::json;

namespace {

constexpr std::array axes{Axis::connections, Axis::handler_cpu, Axis::rate};

json::value field(const json::object& manifest, std::string_view part, std::string_view key) {
  const json::value* const object = manifest.if_contains(part);
  if (object == nullptr || !object->is_object()) return nullptr;
  const json::value* const value = object->get_object().if_contains(key);
  return value == nullptr ? nullptr : *value;
}

// Seconds of each entry, the reference's first.
std::vector<double> handler_times(const Run& run) {
  std::vector<double> times;
  for (const json::value& entry : run.manifest.at("entries").as_array()) {
    const json::value* const ns = entry.as_object().if_contains("handler_cpu_ns");
    const double time = ns == nullptr ? 0 : ns->to_number<double>() * 1e-9;
    times.insert(entry.at("name").as_string() == run.reference() ? times.begin() : times.end(),
                 time);
  }
  return times;
}

double value_of(Axis axis, const Run& run) {
  const auto number = [](const json::value& value) {
    return value.is_number() ? value.to_number<double>() : 0;
  };
  if (axis == Axis::connections) return number(field(run.manifest, "plan", "connections"));
  if (axis == Axis::rate) return number(field(run.manifest, "plan", "rate"));
  return handler_times(run).front();
}

// A rate that follows from a calibration differs from run to run by itself.
bool gives_rate(const Run& run) {
  return field(run.manifest, "plan", "rate_source") == "--rate";
}

bool is_same(Axis axis, const Run& first, const Run& second) {
  if (axis == Axis::rate && !gives_rate(first) && !gives_rate(second)) return true;
  if (axis == Axis::handler_cpu) return handler_times(first) == handler_times(second);
  return value_of(axis, first) == value_of(axis, second);
}

bool differs_only_in(Axis axis, const Run& first, const Run& second) {
  if (axis == Axis::rate && !(gives_rate(first) && gives_rate(second))) return false;
  return std::all_of(axes.begin(), axes.end(),
                     [&](Axis other) { return is_same(other, first, second) == (other != axis); });
}

bool same_experiment(const Run& first, const Run& second) {
  return differences(first, second, Figures::ratios).empty() && first.entries() == second.entries();
}

// Two lines: the value and its meaning.
std::string tick(Axis axis, const Run& run) {
  const double value = value_of(axis, run);
  const std::string text = axis == Axis::handler_cpu ? format_duration(value)
                           : axis == Axis::rate      ? format_count(value) + "/s"
                                                     : markup::number(value, "%g");
  return text + "\n" + std::string(to_string(axis));
}

}  // namespace

std::string_view to_string(Axis axis) noexcept {
  switch (axis) {
    case Axis::connections:
      return "connections";
    case Axis::handler_cpu:
      return "handler CPU";
    case Axis::rate:
      return "offered rate";
  }
  return {};
}

std::optional<Series> series_of(std::span<const Report> reports) {
  for (const Axis axis : axes) {
    Series series{.axis = axis, .reports = {}};
    for (const Report& report : reports) series.reports.push_back(&report);
    std::sort(series.reports.begin(), series.reports.end(), [&](const Report* a, const Report* b) {
      return value_of(axis, a->run) < value_of(axis, b->run);
    });
    const auto breaks = std::adjacent_find(
        series.reports.begin(), series.reports.end(), [&](const Report* a, const Report* b) {
          return !same_experiment(a->run, b->run) || !differs_only_in(axis, a->run, b->run);
        });
    if (reports.size() > 1 && breaks == series.reports.end()) return series;
  }
  return std::nullopt;
}

json::array scaling_rows(const Series& series) {
  json::array rows;
  for (const Report* report : series.reports) {
    if (report->primary() == nullptr) continue;
    for (json::value& row : ratio_rows(*report->primary(), *report)) {
      row.as_object()["at"] = tick(series.axis, report->run);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

json::array throughput_rows(const Series& series) {
  json::array rows;
  if (series.axis != Axis::rate) return rows;
  for (const std::string& entry : series.reports.front()->run.entries()) {
    for (const Report* report : series.reports) {
      std::vector<double> rates;
      std::vector<double> latencies;
      for (const Slice* slice : slices_of(*report, entry)) {
        if (!slice->keeps_wall_clock("open")) continue;
        const auto rate = slice->metric("open", "rate");
        const auto p99 = slice->metric("open", "p99_ns");
        if (!rate || !p99) continue;
        rates.push_back(*rate);
        latencies.push_back(*p99 * 1e-3);
      }
      if (rates.empty()) continue;
      const Middle us = middle_of(std::move(latencies));
      rows.push_back(json::object{{"entry", report->label(entry)},
                                  {"kind", report->kind(entry)},
                                  {"offered", value_of(series.axis, report->run)},
                                  {"rate", middle_of(std::move(rates)).median},
                                  {"us", us.median},
                                  {"low_us", us.low},
                                  {"high_us", us.high}});
    }
  }
  return rows;
}

std::vector<std::string> names_of(std::span<const Report> reports) {
  const auto name = [](const Report& report) {
    return std::filesystem::path(report.run.file).filename().string();
  };
  std::vector<std::string> names;
  for (const Report& report : reports) {
    const bool is_only = std::count_if(reports.begin(), reports.end(), [&](const Report& other) {
                           return name(other) == name(report);
                         }) == 1;
    names.push_back(is_only ? name(report) : report.run.file);
  }
  return names;
}

std::string handler_cpu(const Run& run) {
  const std::vector<double> times = handler_times(run);
  const auto [least, most] = std::minmax_element(times.begin(), times.end());
  const std::string text = format_duration(*least);
  return *least == *most ? text : text + " to " + format_duration(*most);
}

}  // namespace duelio::results
