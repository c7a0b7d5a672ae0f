#include "results/export/markdown.h"

#include <sstream>

#include "common/units.h"
#include "results/export/exporter.h"
#include "results/likeness.h"
#include "results/report/words.h"
#include "results/table.h"

namespace duelio::results {
namespace {

// A vertical bar would end the cell.
std::string cell_text(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
    text.insert(at, "\\");
  return text;
}

std::string ratio_cell(const Contrast* contrast) {
  if (contrast == nullptr) return "-";
  if (contrast->word == Word::withheld) return "withheld";
  std::string ratio = format_ratio(*contrast);
  switch (contrast->word) {
    case Word::faster:
    case Word::slower:
    case Word::slightly_faster:
    case Word::slightly_slower: {
      const std::size_t space = ratio.find(' ');
      return "**" + ratio.substr(0, space) + "**" +
             (space == std::string::npos ? "" : ratio.substr(space));
    }
    case Word::indistinguishable:
      return "≈ " + ratio;
    default:
      return ratio;
  }
}

void add_table(std::ostream& out, const JudgedRun& run, std::string_view metric) {
  const auto judgements = run.judgements_of(metric);
  if (judgements.empty()) return;
  const Metric& of = *judgements.front()->metric;
  const auto add_row = [&](const std::string& head, auto cell) {
    out << "| " << cell_text(head) << " |";
    for (const Judgement* judgement : judgements) out << ' ' << cell(*judgement) << " |";
    out << '\n';
  };
  add_row(std::string(of.title) + (of.lower_is_better ? ", lower is better" : ", higher is better"),
          [](const Judgement& at) { return load_label(at.load); });
  out << "|---|";
  for (std::size_t i = 0; i < judgements.size(); ++i) out << "---:|";
  out << '\n';
  const std::string& reference = run.run.manifest.reference;
  add_row(run.label(reference), [&](const Judgement& at) {
    const Level* const level = at.level(reference);
    return level == nullptr ? "-" : with_micro(format_value(of, level->value));
  });
  add_row(run.label(reference) + " again",
          [](const Judgement& at) { return format_ratio(at.control); });
  for (const EntrySpec& entry : run.run.manifest.entries) {
    if (entry.name == reference) continue;
    add_row(run.label(entry.name),
            [&](const Judgement& at) { return ratio_cell(at.contrast(entry.name)); });
  }
  out << '\n';
}

std::string write(std::span<const JudgedRun> runs) {
  if (runs.size() == 1) return to_markdown(runs.front(), "");
  const std::vector<std::string> names = names_of(runs);
  std::string out;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    out += (i == 0 ? "## " : "\n## ") + names[i] + "\n\n";
    for (const std::string& difference :
         differences(runs.front().run, runs[i].run, Figures::ratios))
      out += "Not comparable with " + names.front() + ": " + difference + "\n\n";
    out += to_markdown(runs[i], "");
  }
  return out;
}

}  // namespace

std::string to_markdown(const JudgedRun& run, const std::string& figure) {
  std::ostringstream out;
  const Manifest& manifest = run.run.manifest;
  for (const std::string& line : shortcomings(run)) out << "- " << line << '\n';
  for (const std::string& line : turns(run)) out << "- **" << line << "**\n";
  for (const std::string& line : answers(run)) out << "- " << line << '\n';
  for (const std::string& line : conduct_sentences(run)) out << "- " << line << '\n';
  out << '\n';
  if (!figure.empty()) {
    out << "![Server CPU per request, ratio to " << manifest.reference
        << " over the load, with its bands; shaded: differences that do not matter](" << figure
        << ")\n\n";
  }
  add_table(out, run, "cpu");
  add_table(out, run, "rate");
  out << "Ratio to " << run.label(manifest.reference) << " and its "
      << format_percent(1 - manifest.plan.alpha)
      << " interval; those of a table hold together. Bold: told apart; ≈: alike within "
      << format_percent(manifest.plan.minimum_effect) << ".\n\n";
  out << "Load: " << format_setting(run.run) << ". Made by `" << command_line(manifest) << "` on "
      << manifest.started.substr(0, 10) << ": " << manifest.machine.cpu << ", "
      << manifest.machine.cpus << " CPUs" << (manifest.machine.hypervisor ? " (virtual)" : "")
      << ", " << manifest.machine.kernel << ", " << run.run.blocks.size() << " blocks";
  if (run.run.end) out << " in " << format_duration(run.run.end->elapsed_s);
  out << ".\n";
  return out.str();
}

namespace exporters {
extern const Exporter markdown{.help = "write answers and tables as Markdown; - is stdout",
                               .write = write};
}  // namespace exporters

}  // namespace duelio::results
