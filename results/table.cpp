#include "results/table.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "common/units.h"
#include "results/explain_table.h"

namespace duelio::results {
namespace {

std::string level_text(const Judgement& judgement, std::string_view entry) {
  const Level* const level = judgement.level(entry);
  return level == nullptr ? "-" : format_value(*judgement.metric, level->value);
}

std::string control_text(const Judgement& judgement) {
  std::string text = "control " + std::string(to_string(judgement.control_state));
  if (judgement.control_state == Control::widened)
    text += ": differences below " + format_percent(judgement.effect) + " do not count";
  if (judgement.control_state == Control::failed || judgement.control_state == Control::missing)
    text += ": " + judgement.control.why;
  return text;
}

// The primary metric with its intervals: a row for each entry at each load.
void print_in_full(std::ostream& out, const JudgedRun& judged,
                   const std::vector<const Judgement*>& loads) {
  std::vector<TableRow> rows;
  for (const Judgement* judgement : loads) {
    const std::string& reference = judgement->control.entry;
    rows.push_back({format_load(judgement->load)});
    rows.push_back({"  " + reference, level_text(*judgement, reference), "1", "reference"});
    rows.push_back({"    again", "", format_ratio(judgement->control), control_text(*judgement)});
    for (const Contrast& contrast : judgement->contrasts) {
      rows.push_back({"  " + judged.label(contrast.entry), level_text(*judgement, contrast.entry),
                      format_ratio(contrast),
                      std::string(to_string(contrast.word)) +
                          (contrast.why.empty() ? "" : ", " + contrast.why)});
    }
  }
  print_rows(out, rows);
}

// An exploratory metric in short: a column for each load, the ratio and its word.
void print_in_short(std::ostream& out, const JudgedRun& judged,
                    const std::vector<const Judgement*>& loads) {
  std::vector<TableRow> rows(1, TableRow{""});
  for (const Judgement* judgement : loads) rows.front().push_back(format_load(judgement->load));
  const auto add_row = [&](const std::string& name, auto cell) {
    TableRow& row = rows.emplace_back(1, name);
    for (const Judgement* judgement : loads) row.push_back(cell(*judgement));
  };
  const std::string& reference = judged.run.manifest.reference;
  add_row(reference, [&](const Judgement& each) { return level_text(each, reference); });
  add_row("  again", [](const Judgement& each) {
    return "control " + std::string(to_string(each.control_state));
  });
  for (const EntrySpec& entry : judged.run.manifest.entries) {
    if (entry.name == reference) continue;
    add_row(judged.label(entry.name), [&](const Judgement& each) {
      const Contrast& contrast = *each.contrast(entry.name);
      std::array<char, 16> ratio{};
      if (contrast.ratio) std::snprintf(ratio.data(), ratio.size(), "%.3f ", *contrast.ratio);
      return ratio.data() + std::string(to_string(contrast.word));
    });
  }
  // Why the generator's share stands beside each rate: a closed loop has two sides.
  if (loads.front()->metric->id == "rate") {
    add_row("generator busy", [&](const Judgement& each) {
      std::string shares;
      for (const EntrySpec& entry : judged.run.manifest.entries) {
        const Conduct* const conduct = judged.conduct_of(entry.name, each.load.id);
        if (conduct == nullptr) continue;
        shares += (shares.empty() ? "" : ", ") + entry.name + " " +
                  format_percent(conduct->generator_share);
      }
      return shares;
    });
  }
  print_rows(out, rows);
}

// What entries and machine did: results that are no ratios, and what to hold against all of them.
std::vector<std::string> remarks(const JudgedRun& judged) {
  std::vector<std::string> lines;
  lines.reserve(judged.sign_changes.size());
  for (const SignChange& change : judged.sign_changes)
    lines.push_back(sentence(change, judged.run.manifest.reference));
  for (const Conduct& conduct : judged.conduct) {
    for (const Load& load : judged.run.manifest.plan.loads) {
      if (load.id != conduct.load) continue;
      if (const std::string line = sentence(conduct, load); !line.empty()) lines.push_back(line);
    }
  }
  for (const LeftOut& left_out : judged.run.left_out()) lines.push_back(sentence(left_out));
  for (const VoidWindows& void_windows : judged.void_windows)
    lines.push_back(sentence(void_windows));
  for (const std::string& warning : judged.warnings) lines.push_back("warning: " + warning);
  return lines;
}

}  // namespace

void print_rows(std::ostream& out, const std::vector<TableRow>& rows) {
  std::vector<std::size_t> widths;
  for (const TableRow& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const TableRow& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - row[i].size(), ' ');
      line += " " + (i == 0 ? row[i] + pad : " " + pad + row[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

std::string format_value(const Metric& metric, double value) {
  if (metric.unit == "ns") return format_duration(value * 1e-9);
  if (metric.unit == "1/s") return format_count(value) + "/s";
  if (metric.unit == "bytes") return format_bytes(value);
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
    std::snprintf(text.data(), text.size(), "%.3f [too few blocks]", *contrast.ratio);
  }
  return text.data();
}

std::string format_load(const Load& load) {
  return load.is_open() ? load.id + " (" + format_count(*load.rate) + "/s)" : load.id;
}

std::string words_of_network(std::string_view network) {
  if (network == "unix") return "over Unix sockets";
  return network == "hosts" ? "between hosts" : "over " + std::string(network);
}

std::string format_setting(const Run& run) {
  std::string text = run.manifest.workload.name + ", " +
                     std::to_string(run.manifest.plan.connections) + " connections";
  if (run.manifest.plan.network) text += ", " + words_of_network(*run.manifest.plan.network);
  std::set<unsigned> threads;
  for (const EntrySpec& entry : run.manifest.entries) {
    if (entry.kind != "peer") threads.insert(entry.threads);  // a peer has what its file says
  }
  if (threads.size() == 1) {  // else the entries' names say it
    text += *threads.begin() == 1 ? ", one worker thread"
                                  : ", " + std::to_string(*threads.begin()) + " worker threads";
  }
  if (const auto generator = run.manifest.plan.generator_threads)
    text += ", " + std::to_string(*generator) + " generator threads";
  return text;
}

void print_table(std::ostream& out, const JudgedRun& judged, bool colour) {
  const Manifest& manifest = judged.run.manifest;
  const auto primary = judged.judgements_of(metrics().front().id);
  for (const Judgement* judgement : primary) {
    for (const Contrast& contrast : judgement->contrasts)
      out << sentence(*judgement, contrast) << '\n';
  }
  out << '\n'
      << format_setting(judged.run) << "; " << judged.run.blocks.size() << " of "
      << manifest.plan.blocks << " blocks; smallest difference that matters "
      << format_percent(manifest.plan.minimum_effect) << ", confidence "
      << format_percent(1 - manifest.plan.alpha)
      << " for each metric over all its comparisons with the reference\n";
  if (const std::string why = judged.run.unfinished(); !why.empty())
    out << "NOT FINISHED (" << why << "): what it had measured is shown\n";
  for (const Metric& metric : metrics()) {
    const auto loads = judged.judgements_of(metric.id);
    if (loads.empty()) continue;
    const bool is_primary = &metric == &metrics().front();
    out << '\n'
        << (colour ? "\x1b[1m" : "") << metric.title << (colour ? "\x1b[0m" : "")
        << (is_primary ? " (primary)" : " (exploratory)") << ", ratio to " << manifest.reference
        << '\n';
    (is_primary ? print_in_full : print_in_short)(out, judged, loads);
  }
  print_explanations(out, judged, colour);
  const std::vector<std::string> lines = remarks(judged);
  if (!lines.empty()) out << '\n';
  for (const std::string& line : lines) out << line << '\n';
}

}  // namespace duelio::results
