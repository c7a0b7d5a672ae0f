#include "results/report/pairs.h"

#include <array>
#include <optional>

#include "results/report/markup.h"
#include "results/report/words.h"

namespace duelio::results {

using namespace markup;

namespace {

struct Cell {
  double ratio;
  std::optional<stats::Interval> interval;
  Word word;
};

Word opposite(Word word) {
  switch (word) {
    case Word::faster:
      return Word::slower;
    case Word::slower:
      return Word::faster;
    case Word::slightly_faster:
      return Word::slightly_slower;
    case Word::slightly_slower:
      return Word::slightly_faster;
    default:
      return word;
  }
}

// Each pair stands in the run once; read the other way round it is its reciprocal.
std::optional<Cell> find(const Judgement& judgement, const std::string& entry,
                         const std::string& base) {
  for (const Contrast& pair : judgement.pairs) {
    if (!pair.ratio) continue;
    if (pair.entry == entry && pair.base == base)
      return Cell{*pair.ratio, pair.interval, pair.word};
    if (pair.entry != base || pair.base != entry) continue;
    Cell cell{1 / *pair.ratio, std::nullopt, opposite(pair.word)};
    if (pair.interval) cell.interval = {1 / pair.interval->high, 1 / pair.interval->low};
    return cell;
  }
  return std::nullopt;
}

std::string_view colour(Word word) {
  switch (word) {
    case Word::faster:
    case Word::slightly_faster:
      return "good";
    case Word::slower:
    case Word::slightly_slower:
      return "bad";
    default:
      return "soft";
  }
}

std::string html_of(const std::optional<Cell>& cell) {
  if (!cell || cell->word == Word::withheld) return "<td class=\"soft\">-</td>";
  const std::string_view state = colour(cell->word);
  std::string text = signed_percent(cell->ratio);
  if (cell->word == Word::indistinguishable) text = "≈ " + text;
  if (state != "soft") text = "<b>" + text + "</b>";
  if (cell->interval)
    text += "<small>" + signed_percent(cell->interval->low) + " … " +
            signed_percent(cell->interval->high) + "</small>";
  return "<td class=\"" + std::string(state) + "\">" + text + "</td>";
}

std::string table_of(const JudgedRun& run, const Judgement& judgement) {
  std::vector<std::string> heads{"against"};
  for (const EntrySpec& entry : run.run.manifest.entries) heads.push_back(run.label(entry.name));
  Table table(std::string(judgement.metric->title) + " " + load_phrase(judgement.load) +
                  ": the row's entry against the column's",
              heads, Table::Of::pairs);
  for (const EntrySpec& entry : run.run.manifest.entries) {
    std::string cells;
    for (const EntrySpec& base : run.run.manifest.entries)
      cells += &entry == &base ? "<td></td>" : html_of(find(judgement, entry.name, base.name));
    table.html_row(run.label(entry.name), cells);
  }
  return table.str();
}

}  // namespace

std::string pair_tables(const JudgedRun& run) {
  if (run.run.manifest.entries.size() < 3) return {};
  std::string html;
  for (const std::string_view metric : {"cpu", "rate"}) {
    for (const Judgement* judgement : run.judgements_of(metric)) {
      if (judgement->pairs.empty()) continue;
      html += fold(std::string(judgement->metric->title) + " " + load_phrase(judgement->load),
                   table_of(run, *judgement), html.empty() ? Fold::open : Fold::closed);
    }
  }
  if (html.empty()) return html;
  return "<p>Bold: told apart, green where the row's entry is better; ≈: alike within the smallest "
         "difference that matters; else not told. The intervals of a metric hold together over "
         "all pairs and loads.</p>\n" +
         html;
}

}  // namespace duelio::results
