#include "results/report/html_tables.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "common/units.h"
#include "results/report/markup.h"
#include "results/statistics.h"
#include "results/table.h"

namespace duelio::results {

namespace json = boost::json;
using namespace markup;

namespace {

// The value of `entry` in rows of a number for each, as the table wants it.
std::string cell(const json::array& rows, std::string_view entry, std::string_view key,
                 std::string_view part = {}) {
  for (const json::value& row : rows) {
    if (row.at("entry").as_string() != entry) continue;
    if (part.empty() || row.at("part").as_string() == part)
      return number(row.at(key).to_number<double>());
  }
  return "-";
}

std::string text_of(const json::value& row, std::string_view key) {
  return std::string(row.at(key).as_string());
}

}  // namespace

std::string ratio_table(const Report& report) {
  std::string html;
  for (const MetricVerdict& verdict : report.verdicts) {
    Table table(
        std::string(verdict.metric->title) + (verdict.primary ? " (primary)" : " (exploratory)"),
        {"entry", "median", "ratio and interval", "verdict"});
    const auto value = [&](const std::optional<double>& v) {
      return v ? format_value(*verdict.metric, *v) : "-";
    };
    table.row(
        {report.label(report.run.reference()), value(verdict.reference_median), "1", "reference"});
    table.row({report.label(report.run.reference()) + " again", value(verdict.control.median),
               format_ratio(verdict.control),
               "control " + std::string(to_string(verdict.control_state))});
    for (const Contrast& contrast : verdict.contrasts) {
      table.row({report.label(contrast.entry), value(contrast.median), format_ratio(contrast),
                 std::string(to_string(contrast.word))});
    }
    html += table.str();
  }
  return html;
}

std::string latency_table(const json::array& rows) {
  Table table("Latency at the offered rate, µs: median over rounds and middle half",
              {"entry", "percentile", "µs", "from", "to"});
  for (const json::value& row : rows) {
    const double nines = row.at("nines").to_number<double>();
    if (nines != std::floor(nines)) continue;
    table.row({std::string(row.at("entry").as_string()),
               std::string(row.at("percentile").as_string()),
               number(row.at("us").to_number<double>(), "%.1f"),
               number(row.at("low_us").to_number<double>(), "%.1f"),
               number(row.at("high_us").to_number<double>(), "%.1f")});
  }
  return table.str();
}

std::string cost_table(const Report& report) {
  const json::array cpu = cpu_rows(report);
  Table table("Per request: server CPU at the offered rate, µs, and what was counted",
              {"entry", "user µs", "kernel µs", "system calls", "instructions", "cache misses"});
  for (const std::string& name : report.run.entries()) {
    const std::string entry = report.label(name);
    const auto counted = [&](std::size_t i) {
      return cell(count_rows(report, counts()[i]), entry, "count");
    };
    table.row({entry, cell(cpu, entry, "us", "user"), cell(cpu, entry, "us", "kernel"), counted(0),
               counted(1), counted(2)});
  }
  return table.str();
}

std::string memory_table(const json::array& rows) {
  Table table("Growth of the server's resident memory, KiB per connection", {"entry", "KiB"});
  for (const json::value& row : rows)
    table.row(
        {std::string(row.at("entry").as_string()), number(row.at("kib").to_number<double>())});
  return table.str();
}

std::string round_table(const json::array& rows) {
  Table table("Slices in the order they ran: server CPU per request, µs",
              {"entry", "role", "round", "attempt", "µs", "causes"});
  for (const json::value& row : rows) {
    table.row({std::string(row.at("entry").as_string()), std::string(row.at("role").as_string()),
               std::to_string(row.at("round").to_number<int>()),
               std::to_string(row.at("attempt").to_number<int>()),
               number(row.at("us").to_number<double>()),
               std::string(row.at("causes").as_string())});
  }
  return table.str();
}

std::string second_table(const json::array& rows) {
  std::vector<std::pair<std::string, int>> order;
  std::map<std::pair<std::string, int>, std::array<std::vector<double>, 2>> slices;
  for (const json::value& row : rows) {
    const std::pair key{std::string(row.at("entry").as_string()),
                        row.at("second").to_number<int>()};
    auto [at, is_new] = slices.try_emplace(key);
    if (is_new) order.push_back(key);
    at->second[0].push_back(row.at("rate").to_number<double>());
    at->second[1].push_back(row.at("us").to_number<double>());
  }
  Table table("Each second of the slices at the offered rate: medians over rounds, p99 with range",
              {"entry", "second", "achieved", "p99 µs", "lowest", "highest"});
  for (const auto& key : order) {
    const auto& [rates, latencies] = slices.at(key);
    const auto [lowest, highest] = std::minmax_element(latencies.begin(), latencies.end());
    table.row({key.first, std::to_string(key.second), format_count(stats::median(rates)) + "/s",
               number(stats::median(latencies), "%.1f"), number(*lowest, "%.1f"),
               number(*highest, "%.1f")});
  }
  return table.str();
}

std::string scaling_table(const json::array& rows) {
  Table table("Ratio to the reference, server CPU per request",
              {"entry", "at", "ratio", "from", "to", "verdict"});
  for (const json::value& row : rows) {
    std::string at = text_of(row, "at");
    std::replace(at.begin(), at.end(), '\n', ' ');
    table.row({text_of(row, "entry"), at, number(row.at("ratio").to_number<double>(), "%.3f"),
               number(row.at("low").to_number<double>(), "%.3f"),
               number(row.at("high").to_number<double>(), "%.3f"), text_of(row, "word")});
  }
  return table.str();
}

std::string throughput_table(const json::array& rows) {
  Table table("p99 latency as the offered rate grows, µs: median over rounds and middle half",
              {"entry", "offered", "achieved", "µs", "from", "to"});
  for (const json::value& row : rows) {
    table.row({text_of(row, "entry"), format_count(row.at("offered").to_number<double>()) + "/s",
               format_count(row.at("rate").to_number<double>()) + "/s",
               number(row.at("us").to_number<double>(), "%.1f"),
               number(row.at("low_us").to_number<double>(), "%.1f"),
               number(row.at("high_us").to_number<double>(), "%.1f")});
  }
  return table.str();
}

}  // namespace duelio::results
