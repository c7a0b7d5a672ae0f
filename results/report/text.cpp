#include "results/report/text.h"

#include <sstream>
#include <stdexcept>

#include <boost/json.hpp>

#include "results/likeness.h"
#include "results/report/across.h"
#include "results/table.h"

namespace duelio::results {

namespace json = boost::json;

namespace {

// RFC 4180: a field with a comma stands in quotes, and its quotes are doubled.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

}  // namespace

std::string answer(const Report& report, const Contrast& contrast) {
  Contrast labelled = contrast;
  labelled.entry = report.label(contrast.entry);
  return sentence(*report.primary(), labelled, report.label(report.run.reference()));
}

std::string to_markdown(const Report& report, const std::string& figure) {
  std::ostringstream out;
  const json::object& manifest = report.run.manifest;
  const MetricVerdict* const primary = report.primary();
  if (primary != nullptr) {
    for (const Contrast& contrast : primary->contrasts)
      out << "- " << answer(report, contrast) << '\n';
    out << '\n';
  }
  if (!figure.empty()) {
    out << "![Ratios to " << report.run.reference()
        << " with their intervals; shaded: differences that do not matter](" << figure << ")\n\n";
  }
  for (const MetricVerdict& verdict : report.verdicts) {
    if (!verdict.primary && verdict.metric->id != "rate") continue;
    out << "| " << verdict.metric->title << (verdict.primary ? "" : " (exploratory)")
        << " | median | ratio [interval] | verdict |\n"
        << "|---|---:|---:|---|\n";
    const auto value = [&](const std::optional<double>& v) {
      return v ? format_value(*verdict.metric, *v) : "-";
    };
    out << "| " << report.label(report.run.reference()) << " | " << value(verdict.reference_median)
        << " | 1 | reference |\n";
    out << "| " << report.label(report.run.reference()) << " again | "
        << value(verdict.control.median) << " | " << format_ratio(verdict.control) << " | control "
        << to_string(verdict.control_state) << " |\n";
    for (const Contrast& contrast : verdict.contrasts) {
      out << "| " << report.label(contrast.entry) << " | " << value(contrast.median) << " | "
          << format_ratio(contrast) << " | " << to_string(contrast.word) << " |\n";
    }
    out << '\n';
  }
  out << "Load: " << format_load(report.run) << ". Made by `";
  for (const json::value& word : manifest.at("command").as_array()) {
    out << (&word == &manifest.at("command").as_array().front() ? "" : " ")
        << std::string(word.as_string());
  }
  const json::object& machine = manifest.at("machine").as_object();
  out << "` on " << std::string(manifest.at("started").as_string()).substr(0, 10) << ": "
      << std::string(machine.at("cpu").as_string()) << ", " << machine.at("cpus") << " CPUs"
      << (machine.at("hypervisor").as_bool() ? " (virtual)" : "") << ", "
      << std::string(machine.at("kernel").as_string()) << ", " << report.rounds
      << " valid rounds of " << report.attempts << ".\n";
  if (const std::string why = report.run.unfinished(); !why.empty())
    out << "\nThe run was not finished (" << why << ").\n";
  return out.str();
}

std::string to_markdown(std::span<const Report> reports) {
  const std::vector<std::string> names = names_of(reports);
  std::string out;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    out += (i == 0 ? "## " : "\n## ") + names[i] + "\n\n";
    for (const std::string& difference :
         differences(reports.front().run, reports[i].run, Figures::ratios))
      out += "Not comparable with " + names.front() + ": " + difference + "\n\n";
    out += to_markdown(reports[i]);
  }
  return out;
}

std::string to_csv(std::span<const Report> reports) {
  const std::vector<std::string> names = names_of(reports);
  const bool is_alone = reports.size() == 1;
  std::ostringstream out;
  out << (is_alone ? "" : "file,")
      << "round,attempt,position,entry,role,valid,phase,metric,value\n";
  for (std::size_t i = 0; i < reports.size(); ++i) {
    for (const Slice& slice : reports[i].run.slices) {
      for (const auto& [phase, content] : slice.phases) {
        if (!content.is_object() || !content.get_object().contains("metrics")) continue;
        for (const auto& [metric, value] : content.at("metrics").as_object()) {
          if (!value.is_number()) continue;
          if (!is_alone) out << quoted(names[i]) << ',';
          out << slice.round << ',' << slice.attempt << ',' << slice.position << ','
              << quoted(slice.entry) << ',' << slice.role << ',' << (slice.valid ? "true" : "false")
              << ',' << std::string_view(phase) << ',' << std::string_view(metric) << ','
              << json::serialize(value) << '\n';
        }
      }
    }
  }
  return out.str();
}

std::string splice(const std::string& document, const std::string& content) {
  constexpr std::string_view begin = "<!-- duelio:begin -->\n";
  constexpr std::string_view end = "<!-- duelio:end -->";
  const std::size_t from = document.find(begin);
  const std::size_t to = document.find(end);
  if (from == std::string::npos || to == std::string::npos || to < from) {
    throw std::invalid_argument("has no lines <!-- duelio:begin --> and <!-- duelio:end -->");
  }
  return document.substr(0, from + begin.size()) + content + document.substr(to);
}

}  // namespace duelio::results
