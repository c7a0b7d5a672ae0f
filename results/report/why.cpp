#include "results/report/why.h"

#include <algorithm>

#include "results/report/markup.h"
#include "results/report/rows.h"
#include "results/report/words.h"

namespace duelio::results {

using namespace markup;

namespace {

std::string microseconds(double ns) {
  return number(ns * 1e-3, "%+.2f");
}

std::string pair_of(const JudgedRun& run, const Explanation& explanation) {
  return run.label(explanation.entry) + " against " + run.label(explanation.base);
}

std::string table_of(const JudgedRun& run, const Explanation& explanation) {
  Table table(pair_of(run, explanation) + " " + load_phrase(explanation.load) +
                  ": CPU per request, µs, of " + std::to_string(explanation.samples) + " and " +
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

// With each of `values` once, in their order.
std::string select_of(std::string_view name, std::string_view label,
                      const std::vector<std::string>& values) {
  std::string html =
      "<label>" + std::string(label) + " <select name=\"" + std::string(name) + "\">";
  for (const std::string& value : values) html += "<option>" + escape(value) + "</option>";
  return html + "</select></label>\n";
}

}  // namespace

void add_difference(boost::json::object& row, const Part& part) {
  const auto us = [](double ns) { return rounded(ns * 1e-3); };
  row["difference"] = us(part.difference_ns);
  row["low"] = part.interval ? boost::json::value(us(part.interval->low)) : nullptr;
  row["high"] = part.interval ? boost::json::value(us(part.interval->high)) : nullptr;
  row["told"] = part.is_told() ? "yes" : "no";
}

std::vector<const Explanation*> all_explanations(const JudgedRun& run) {
  std::vector<const Explanation*> all;
  for (const auto* const list : {&run.explanations.contrasts, &run.explanations.pairs}) {
    for (const Explanation& explanation : *list) all.push_back(&explanation);
  }
  return all;
}

Panel why_panel(const JudgedRun& run, const Explanation& explanation, std::string_view place,
                std::string_view what) {
  const bool is_with_reference = explanation.base == run.run.manifest.reference;
  const std::string slug = explanation.entry +
                           (is_with_reference ? "" : "-against-" + explanation.base) + "-" +
                           load_slug(explanation.load);
  return {.section = Section::why,
          .id = std::string(place) + "-" + slug,
          .title = pair_of(run, explanation) + " " + load_phrase(explanation.load) + ", " +
                   std::string(what),
          .note = {},
          .rows = {},
          .choice = Choice{.place = std::string(place),
                           .pair = pair_of(run, explanation),
                           .load = load_label(explanation.load),
                           .is_for_the_page = !is_with_reference}};
}

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

std::string why_chooser(const std::vector<Drawing>& drawings) {
  std::vector<std::string> pairs;
  std::vector<std::string> loads;
  const auto add = [](std::vector<std::string>& all, const std::string& one) {
    if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
  };
  for (const Drawing& drawing : drawings) {
    if (!drawing.panel.choice) continue;
    add(pairs, drawing.panel.choice->pair);
    add(loads, drawing.panel.choice->load);
  }
  if (pairs.empty()) return {};
  std::string html;
  if (pairs.size() > 1 || loads.size() > 1)
    html = "<form class=\"chooser\" hidden>\n" + select_of("pair", "Show", pairs) +
           select_of("load", "at", loads) +
           "</form>\n<noscript><p>The tables are of each entry against the reference; "
           "<code>duelio-report FILE --json -</code> has every pair.</p></noscript>\n";
  return html +
         "<p>CPU per request. <span class=\"more\">+ orange</span>: more of it than the other, "
         "<span class=\"less\">− blue</span>: less, grey: not told from none. Only time with a CPU "
         "is in it: where a request waited is not told, for the server has no stamps.</p>\n";
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
