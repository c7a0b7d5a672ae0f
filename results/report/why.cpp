#include "results/report/why.h"

#include "results/report/markup.h"
#include "results/report/words.h"

namespace duelio::results {

using namespace markup;

namespace {

std::string microseconds(double ns) {
  return number(ns * 1e-3, "%+.2f");
}

std::string table_of(const JudgedRun& run, const Explanation& explanation) {
  Table table(run.label(explanation.entry) + " against " + run.label(explanation.base) + " " +
                  load_phrase(explanation.load) + ": CPU per request, µs, of " +
                  std::to_string(explanation.samples) + " and " +
                  std::to_string(explanation.base_samples) + " samples",
              {"cause", explanation.entry, explanation.base, "difference", "from", "to", ""});
  for (const Part& part : explanation.by_both)
    table.row({part.cause, number(part.entry_ns * 1e-3), number(part.base_ns * 1e-3),
               microseconds(part.difference_ns),
               part.interval ? microseconds(part.interval->low) : "-",
               part.interval ? microseconds(part.interval->high) : "-",
               part.is_told() ? "told" : "not told"});
  return table.str();
}

}  // namespace

std::string why_sentences(const JudgedRun& run) {
  const auto& sampling = run.run.manifest.machine.sampling;
  if (sampling && *sampling != "available")
    return "<p class=\"note\">Samples: " + escape(*sampling) + "</p>\n";
  if (run.explanations.contrasts.empty()) return {};
  std::string html = "<ul class=\"answers\">\n";
  std::string notes;
  for (const Explanation& explanation : run.explanations.contrasts) {
    html += "<li>" + escape(with_micro(sentence(explanation))) + "</li>\n";
    for (const std::string& line : shortcomings(explanation))
      notes += "<p class=\"note\">" + escape(line) + "</p>\n";
  }
  return fold("Each difference in a sentence", html + "</ul>\n") + notes;
}

std::string why_tables(const JudgedRun& run) {
  std::string html;
  for (const Explanation& explanation : run.explanations.contrasts)
    html += fold(run.label(explanation.entry) + " " + load_phrase(explanation.load) +
                     ": each call with what it does inside",
                 table_of(run, explanation));
  return html;
}

}  // namespace duelio::results
