#include "results/explain_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "results/table.h"

namespace duelio::results {
namespace {

constexpr double shown_ns = 5;  // less is 0.00 us at all loads: not worth a row
constexpr std::size_t most_functions = 12;

using OfEntry = std::vector<const Explanation*>;  // by load
using Parts = std::vector<Part> Explanation::*;

const Part* find(const std::vector<Part>& parts, const std::string& cause) {
  const auto found = std::find_if(parts.begin(), parts.end(),
                                  [&](const Part& part) { return part.cause == cause; });
  return found == parts.end() ? nullptr : &*found;
}

std::string cell(double difference_ns, const std::optional<stats::Interval>& interval,
                 bool is_told) {
  std::array<char, 64> text{};
  if (is_told) {
    std::snprintf(text.data(), text.size(), "%+.2f [%+.2f, %+.2f]", difference_ns * 1e-3,
                  interval->low * 1e-3, interval->high * 1e-3);
  } else {
    std::snprintf(text.data(), text.size(), "(%+.2f)", difference_ns * 1e-3);
  }
  return text.data();
}

// In the order of the largest difference at any load.
std::vector<std::string> causes_of(const OfEntry& explanations, Parts parts) {
  std::vector<std::pair<double, std::string>> all;
  for (const Explanation* const explanation : explanations) {
    for (const Part& part : explanation->*parts) {
      const auto known = std::find_if(all.begin(), all.end(),
                                      [&](const auto& each) { return each.second == part.cause; });
      const double size = std::abs(part.difference_ns);
      if (known == all.end()) {
        all.emplace_back(size, part.cause);
      } else {
        known->first = std::max(known->first, size);
      }
    }
  }
  std::erase_if(all, [](const auto& each) { return each.first < shown_ns; });
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> causes;
  causes.reserve(all.size());
  for (auto& [size, cause] : all) causes.push_back(std::move(cause));
  return causes;
}

void add_rows(std::vector<TableRow>& rows, const OfEntry& explanations, Parts parts,
              std::size_t most = std::numeric_limits<std::size_t>::max()) {
  std::vector<std::string> causes = causes_of(explanations, parts);
  if (causes.size() > most) causes.resize(most);
  for (const std::string& cause : causes) {
    TableRow row{"  " + cause};
    for (const Explanation* const explanation : explanations) {
      const Part* const part = find(explanation->*parts, cause);
      row.push_back(part == nullptr ? "-"
                                    : cell(part->difference_ns, part->interval, part->is_told()));
    }
    rows.push_back(std::move(row));
  }
}

// Of one model: their functions are the same but for what changed.
bool are_two_builds(const Run& run, const Explanation& explanation) {
  const EntrySpec* const entry = run.entry(explanation.entry);
  const EntrySpec* const base = run.entry(explanation.base);
  return entry != nullptr && base != nullptr && entry->backend && entry->backend == base->backend &&
         entry->server != base->server;
}

void print_entry(std::ostream& out, const Run& run, const OfEntry& explanations) {
  const Explanation& one = *explanations.front();
  std::vector<TableRow> rows{{one.entry + " - " + one.base}, {"all of it"}};
  for (const Explanation* const explanation : explanations) {
    rows[0].push_back(format_load(explanation->load));
    rows[1].push_back(
        cell(explanation->difference_ns, explanation->interval, explanation->is_told));
  }
  rows.push_back({"by system call"});
  add_rows(rows, explanations, &Explanation::by_call);
  rows.push_back({"by what was done"});
  add_rows(rows, explanations, &Explanation::by_work);
  if (are_two_builds(run, one)) {
    rows.push_back({"by function, without callees"});
    add_rows(rows, explanations, &Explanation::by_function, most_functions);
    rows.push_back({"the same functions, with callees"});
    add_rows(rows, explanations, &Explanation::with_callees, most_functions);
  }
  print_rows(out, rows);
}

}  // namespace

void print_explanations(std::ostream& out, const JudgedRun& judged, bool colour) {
  if (judged.explanations.contrasts.empty()) return;
  out << '\n'
      << (colour ? "\x1b[1m" : "") << "where the difference in CPU per request comes from"
      << (colour ? "\x1b[0m" : "") << ", us; in brackets what is not told from none\n";
  for (const EntrySpec& entry : judged.run.manifest.entries) {
    OfEntry of_entry;
    for (const Explanation& explanation : judged.explanations.contrasts) {
      if (explanation.entry == entry.name) of_entry.push_back(&explanation);
    }
    if (of_entry.empty()) continue;
    for (const Explanation* const explanation : of_entry) out << sentence(*explanation) << '\n';
    print_entry(out, judged.run, of_entry);
    for (const Explanation* const explanation : of_entry) {
      for (const std::string& line : shortcomings(*explanation)) out << "  " << line << '\n';
    }
  }
}

}  // namespace duelio::results
