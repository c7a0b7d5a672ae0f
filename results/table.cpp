#include "results/table.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>

#include <boost/json.hpp>

#include "common/units.h"

namespace duelio::results {

namespace json = boost::json;

namespace {

using Row = std::vector<std::string>;

// Columns as wide as their longest cell; the first is aligned left.
void print_rows(std::ostream& out, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - row[i].size(), ' ');
      line += " " + (i == 0 ? row[i] + pad : " " + pad + row[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

void print_metric(std::ostream& out, const Run& run, const MetricVerdict& verdict, bool colour) {
  const char* const bold = colour ? "\x1b[1m" : "";
  const char* const plain = colour ? "\x1b[0m" : "";
  out << '\n'
      << bold << verdict.metric->title << plain
      << (verdict.primary ? " (primary)" : " (exploratory)") << ", ratio to " << run.reference()
      << '\n';
  std::vector<Row> rows;
  const auto value = [&](const std::optional<double>& v) {
    return v ? format_value(*verdict.metric, *v) : "-";
  };
  rows.push_back({run.reference(), value(verdict.reference_median), "1", "reference"});
  rows.push_back(
      {"  again", value(verdict.control.median), format_ratio(verdict.control),
       "control " + std::string(to_string(verdict.control_state)) +
           (verdict.control_state == Control::widened
                ? ": differences below " + format_percent(verdict.minimum_effect) + " do not count"
                : "")});
  for (const Contrast& contrast : verdict.contrasts) {
    std::string word(to_string(contrast.word));
    if (contrast.word == Word::inconclusive && contrast.rounds_needed > contrast.rounds) {
      word += ", about " + std::to_string(contrast.rounds_needed) + " rounds would tell";
    }
    rows.push_back({contrast.entry, value(contrast.median), format_ratio(contrast), word});
  }
  print_rows(out, rows);
}

}  // namespace

std::string format_value(const Metric& metric, double value) {
  if (metric.unit == "ns") return format_duration(value * 1e-9);
  if (metric.unit == "1/s") return format_count(value) + "/s";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

std::string format_ratio(const Contrast& contrast) {
  if (!contrast.ratio) return "-";
  std::array<char, 64> text{};
  if (contrast.interval) {
    std::snprintf(text.data(), text.size(), "%.3f [%.3f, %.3f]", *contrast.ratio,
                  contrast.interval->low, contrast.interval->high);
  } else {
    std::snprintf(text.data(), text.size(), "%.3f [too few rounds]", *contrast.ratio);
  }
  return text.data();
}

std::string format_load(const Run& run) {
  const json::object& plan = run.manifest.at("plan").as_object();
  std::string text = json::value_to<std::string>(run.manifest.at("workload").at("name"));
  if (const json::value* const connections = plan.if_contains("connections"))
    text += ", " + std::to_string(connections->to_number<std::uint64_t>()) + " connections";
  if (const json::value* const rate = plan.if_contains("rate");
      rate != nullptr && rate->is_number())
    text += ", " + format_count(rate->to_number<double>()) + "/s offered";
  std::set<std::uint64_t> threads;
  for (const json::value& entry : run.manifest.at("entries").as_array()) {
    const json::value* const own = entry.as_object().if_contains("threads");
    if (own != nullptr && own->is_number()) threads.insert(own->to_number<std::uint64_t>());
  }
  if (threads.size() != 1) return text;  // the entries' names say it, or nothing is known
  return text + (*threads.begin() == 1
                     ? ", one worker thread"
                     : ", " + std::to_string(*threads.begin()) + " worker threads");
}

void print_table(std::ostream& out, const Run& run, bool colour) {
  const Rule rule = rule_of(run);
  const std::size_t rounds = complete_rounds(run).size();
  std::set<std::pair<int, int>> attempts;
  std::map<std::string, std::size_t> causes;
  std::map<std::string, std::size_t> wall_clock_causes;
  for (const Slice& slice : run.slices) {
    attempts.insert({slice.round, slice.attempt});
    for (const std::string& cause : slice.causes) ++causes[slice.entry + " " + cause];
    for (const std::string& cause : slice.wall_clock_causes) ++wall_clock_causes[cause];
  }
  out << "workload " << format_load(run) << "; " << rounds << " valid rounds of " << attempts.size()
      << " run";
  out << "; smallest difference that matters " << format_percent(rule.minimum_effect)
      << ", confidence " << format_percent(1 - rule.alpha)
      << " over all comparisons with the reference\n";
  if (const std::string why = run.unfinished(); !why.empty())
    out << "NOT FINISHED (" << why << "): what it had measured is shown\n";
  const auto* const noise = run.manifest.at("plan").as_object().if_contains("accept_noise");
  const bool accepted = noise != nullptr && noise->as_bool();
  if (accepted)
    out << "DISTURBED ROUNDS COUNT (--accept-noise): a trial of the tools, not a measurement\n";
  const auto list = [&](std::string_view what, const std::map<std::string, std::size_t>& counts) {
    if (counts.empty()) return;
    out << what;
    for (const auto& [cause, count] : counts) out << "  " << cause << " x" << count;
    out << '\n';
  };
  list(accepted ? "disturbed by:" : "repeated for:", causes);
  list("rates and latencies left out for:", wall_clock_causes);
  for (const std::string& warning : warmup_warnings(run)) out << "warning: " << warning << '\n';
  std::vector<MetricVerdict> verdicts;
  for (const Metric& metric : metrics()) {
    MetricVerdict verdict = judge(run, metric, rule);
    if (verdict.reference_median) verdicts.push_back(std::move(verdict));
  }
  for (const MetricVerdict& verdict : verdicts) print_metric(out, run, verdict, colour);
  out << '\n';
  for (const MetricVerdict& verdict : verdicts) {
    if (!verdict.primary) continue;
    for (const Contrast& contrast : verdict.contrasts)
      out << sentence(verdict, contrast, run.reference()) << '\n';
  }
}

}  // namespace duelio::results
