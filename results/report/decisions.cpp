#include "results/report/decisions.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "common/units.h"
#include "results/report/markup.h"
#include "results/report/words.h"
#include "results/table.h"

namespace duelio::results {

using markup::Table;

namespace {

bool is_better(Word word) {
  return word == Word::faster || word == Word::slightly_faster;
}

bool is_open_question(Word word) {
  return word == Word::inconclusive || word == Word::withheld;
}

// How much better than the reference, on whichever side better is.
double gain(const Judgement& judgement, const Contrast& contrast) {
  if (!contrast.ratio) return 0;
  return judgement.metric->lower_is_better ? 1 / *contrast.ratio : *contrast.ratio;
}

// The best of the backends that are told apart from the reference, or else the reference; foreign
// servers are no flag to choose.
const Contrast* best(const JudgedRun& run, const Judgement& judgement) {
  const Contrast* choice = nullptr;
  for (const Contrast& contrast : judgement.contrasts) {
    if (run.kind(contrast.entry) != "backend" || !is_better(contrast.word)) continue;
    if (choice == nullptr || gain(judgement, contrast) > gain(judgement, *choice))
      choice = &contrast;
  }
  return choice;
}

std::string join(const std::vector<std::string>& parts, const char* with) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : with) + part;
  return out;
}

// Why a question is open, and what would close it.
std::string reason(const JudgedRun& run, const Judgement& judgement, const Contrast& contrast) {
  std::string why = contrast.why.empty() ? std::string(to_string(contrast.word)) : contrast.why;
  if (contrast.word != Word::withheld) return why;
  const auto is_limited = [&](const std::string& entry) {
    const Conduct* const conduct = run.conduct_of(entry, judgement.load.id);
    return conduct != nullptr && conduct->client_limited;
  };
  if (is_limited(contrast.entry) || is_limited(contrast.base))
    return why + "; more CPUs for the client would tell (--client-cpus)";
  if (judgement.control_state == Control::failed)
    return why + "; a longer run on a quieter machine would tell";
  if (judgement.control_state == Control::missing) return why + "; more blocks would tell";
  return why;
}

// Each reason once, behind the entries that it is of: "asio, poll: about 40 blocks would tell".
std::string open_questions(const JudgedRun& run, const Judgement& judgement,
                           const std::vector<std::string>& without = {}) {
  std::vector<std::pair<std::string, std::vector<std::string>>> by_reason;
  for (const Contrast& contrast : judgement.contrasts) {
    if (run.kind(contrast.entry) != "backend" || !is_open_question(contrast.word)) continue;
    if (std::find(without.begin(), without.end(), contrast.entry) != without.end()) continue;
    const std::string why = reason(run, judgement, contrast);
    const auto same = std::find_if(by_reason.begin(), by_reason.end(),
                                   [&](const auto& each) { return each.first == why; });
    if (same == by_reason.end())
      by_reason.push_back({why, {contrast.entry}});
    else
      same->second.push_back(contrast.entry);
  }
  std::vector<std::string> parts;
  parts.reserve(by_reason.size());
  for (const auto& [why, entries] : by_reason) parts.push_back(join(entries, ", ") + ": " + why);
  return join(parts, "; ");
}

// What is not told apart from the choice, by the table of all pairs.
std::vector<std::string> equals(const JudgedRun& run, const Judgement& judgement,
                                const std::string& choice) {
  std::vector<std::string> names;
  for (const Contrast& pair : judgement.pairs) {
    if (pair.entry != choice && pair.base != choice) continue;
    const std::string& other = pair.entry == choice ? pair.base : pair.entry;
    // Its contrast with the reference has a word already, of a smaller family.
    if (run.kind(other) != "backend" || other == run.run.manifest.reference) continue;
    if (pair.word == Word::indistinguishable || pair.word == Word::inconclusive)
      names.push_back(other);
  }
  return names;
}

// An entry may bear another name than its backend.
std::string flag_for(const Run& run, const std::string& name) {
  const EntrySpec* const entry = run.entry(name);
  if (entry == nullptr || !entry->backend) return name;
  const std::string flag = "--backend " + *entry->backend;
  return *entry->backend == name ? flag : name + " (" + flag + ")";
}

// The best of the foreign servers, whatever its word: what is possible here without our core.
std::string limit(const JudgedRun& run, const Judgement& judgement) {
  const Level* best = nullptr;
  for (const Level& level : judgement.levels) {
    if (run.kind(level.entry) == "backend") continue;
    if (best == nullptr || (level.value < best->value) == judgement.metric->lower_is_better)
      best = &level;
  }
  return best == nullptr ? "-"
                         : with_micro(format_value(*judgement.metric, best->value)) + ", " +
                               run.label(best->entry);
}

std::string value_of(const Judgement& judgement, const std::string& entry) {
  const Level* const level = judgement.level(entry);
  return level == nullptr ? "-" : with_micro(format_value(*judgement.metric, level->value));
}

struct Row {
  std::string choice;
  std::string value;
  std::string because;
};

Row decide(const JudgedRun& run, const Judgement& judgement) {
  const std::string& reference = run.run.manifest.reference;
  if (const Contrast* const choice = best(run, judgement)) {
    std::vector<std::string> because{signed_percent(*choice->ratio) + " against " +
                                     run.label(reference)};
    const std::vector<std::string> same = equals(run, judgement, choice->entry);
    if (!same.empty()) because.push_back("not told from " + join(same, ", "));
    if (const std::string open = open_questions(run, judgement, same); !open.empty())
      because.push_back("open: " + open);
    return {flag_for(run.run, choice->entry), value_of(judgement, choice->entry),
            join(because, "; ")};
  }
  const std::string open = open_questions(run, judgement);
  const bool is_all_open = std::all_of(
      judgement.contrasts.begin(), judgement.contrasts.end(), [&](const Contrast& contrast) {
        return run.kind(contrast.entry) != "backend" || is_open_question(contrast.word);
      });
  if (!open.empty() && is_all_open) return {"cannot tell yet", "-", open};
  if (run.kind(reference) != "backend") return {"no backend", "-", "none is told to be faster"};
  std::string because = "no backend is told to be faster";
  if (!open.empty()) because += "; open: " + open;
  return {flag_for(run.run, reference), value_of(judgement, reference), because};
}

}  // namespace

std::string decisions(const JudgedRun& run) {
  const auto& entries = run.run.manifest.entries;
  const bool has_limit = std::any_of(entries.begin(), entries.end(), [&](const EntrySpec& entry) {
    return run.kind(entry.name) != "backend";
  });
  std::vector<std::string> heads{"if you want", "choose", "value", "because"};
  if (has_limit) heads.emplace_back("others reach");
  Table table("For which load which flag, on this machine", heads, Table::Of::words);
  const auto add = [&](const std::string& wish, std::string_view metric) {
    for (const Judgement* judgement : run.judgements_of(metric)) {
      const Row row = decide(run, *judgement);
      std::vector<std::string> cells{
          wish + (judgement->load.is_open() ? " at " : ", ") + load_label(judgement->load),
          row.choice, row.value, row.because};
      if (has_limit) cells.push_back(limit(run, *judgement));
      table.row(cells);
    }
  };
  add("the least CPU per request", "cpu");
  add("the highest throughput", "rate");
  add("the lowest p99", "p99");
  return table.str();
}

}  // namespace duelio::results
