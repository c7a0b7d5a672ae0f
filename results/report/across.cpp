#include "results/report/across.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <boost/json.hpp>

#include "common/units.h"
#include "results/report/markup.h"

namespace duelio::results {

namespace json = boost::json;

namespace {

json::value field(const json::object& manifest, std::string_view part, std::string_view key) {
  const json::value* const object = manifest.if_contains(part);
  if (object == nullptr || !object->is_object()) return nullptr;
  const json::value* const value = object->get_object().if_contains(key);
  return value == nullptr ? nullptr : *value;
}

}  // namespace

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

std::vector<std::string> differences(const Run& first, const Run& second) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> same{
      {{"machine", "cpu"},
       {"machine", "cpus"},
       {"machine", "kernel"},
       {"machine", "hypervisor"},
       {"build", "preset"},
       {"build", "flags"},
       {"workload", "name"}}};
  std::vector<std::string> found;
  const auto compare = [&](const std::string& what, const std::string& a, const std::string& b) {
    if (a != b) found.push_back(what + ": " + a + " and " + b);
  };
  for (const auto& [part, key] : same) {
    compare(std::string(part) + " " + std::string(key),
            markup::show(field(first.manifest, part, key)),
            markup::show(field(second.manifest, part, key)));
  }
  compare("reference", first.reference(), second.reference());
  return found;
}

std::string handler_cpu(const Run& run) {
  std::vector<double> times;
  for (const json::value& entry : run.manifest.at("entries").as_array()) {
    const json::value* const ns = entry.as_object().if_contains("handler_cpu_ns");
    times.push_back(ns == nullptr ? 0 : ns->to_number<double>() * 1e-9);
  }
  const auto [least, most] = std::minmax_element(times.begin(), times.end());
  const std::string text = format_duration(*least);
  return *least == *most ? text : text + " to " + format_duration(*most);
}

}  // namespace duelio::results
