// CSV as Apache Otava (incubating; formerly Hunter) reads it, csv_options of its test
// configuration: a row for each run with its start and revision, a column for each entry's primary
// ratio at each load. A cell without a ratio is empty.

#include <algorithm>
#include <array>
#include <cstdio>

#include "results/export/exporter.h"

namespace duelio::results::exporters {
namespace {

struct Cell {
  std::string column;
  double ratio;
};

std::vector<Cell> cells_of(const JudgedRun& run) {
  std::vector<Cell> cells;
  for (const Judgement* judgement : run.judgements_of(metrics().front().id)) {
    for (const Contrast& contrast : judgement->contrasts) {
      if (contrast.ratio)
        cells.push_back({contrast.entry + "@" + judgement->load.id, *contrast.ratio});
    }
  }
  return cells;
}

std::string write(std::span<const JudgedRun> runs) {
  std::vector<std::string> columns;
  std::vector<const JudgedRun*> ordered;
  for (const JudgedRun& run : runs) {
    ordered.push_back(&run);
    for (const Cell& cell : cells_of(run)) {
      if (std::find(columns.begin(), columns.end(), cell.column) == columns.end())
        columns.push_back(cell.column);
    }
  }
  std::sort(ordered.begin(), ordered.end(), [](const JudgedRun* a, const JudgedRun* b) {
    return a->run.manifest.started < b->run.manifest.started;
  });
  std::string text = "time,commit";
  for (const std::string& column : columns) text += "," + column;  // names have no comma
  for (const JudgedRun* run : ordered) {
    text += "\n" + run->run.manifest.started + "," + run->run.manifest.build.revision;
    const std::vector<Cell> cells = cells_of(*run);
    for (const std::string& column : columns) {
      const auto cell = std::find_if(cells.begin(), cells.end(),
                                     [&](const Cell& each) { return each.column == column; });
      std::array<char, 32> number{};
      if (cell != cells.end()) std::snprintf(number.data(), number.size(), "%.6g", cell->ratio);
      text.append(",").append(number.data());
    }
  }
  return text + "\n";
}

}  // namespace

extern const Exporter otava{
    .help = "write the primary ratios, a row a run, as CSV for Apache Otava; - is stdout",
    .write = write};

}  // namespace duelio::results::exporters
