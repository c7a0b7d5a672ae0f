#include "results/report/selection.h"

#include <algorithm>

#include "common/cli.h"

namespace duelio::results {
namespace {

std::string names(const std::vector<EntrySpec>& entries) {
  std::string out;
  for (const EntrySpec& entry : entries) out += (out.empty() ? "" : ", ") + entry.name;
  return out;
}

void keep_only(std::vector<EntrySpec>& entries, const std::vector<std::string>& only,
               const std::string& reference) {
  for (const std::string& name : only) {
    const auto is_it = [&](const EntrySpec& entry) { return entry.name == name; };
    if (std::none_of(entries.begin(), entries.end(), is_it))
      throw cli::UsageError("--only '" + name + "' is no entry of the run, which has " +
                            names(entries));
  }
  std::erase_if(entries, [&](const EntrySpec& entry) {
    return entry.name != reference && std::find(only.begin(), only.end(), entry.name) == only.end();
  });
}

const Judgement& judgement_of(const JudgedRun& run, const std::string& key) {
  const std::size_t at = key.find('@');
  const std::string metric = key.substr(0, at);
  for (const Judgement* judgement : run.judgements_of(metric)) {
    if (at == std::string::npos || judgement->load.id == key.substr(at + 1)) return *judgement;
  }
  std::string known;
  for (const Judgement& judgement : run.judgements)
    known +=
        (known.empty() ? "" : ", ") + std::string(judgement.metric->id) + "@" + judgement.load.id;
  throw cli::UsageError("--sort '" + key + "' was not measured; use one of " + known);
}

// What has no value there comes last.
void sort_by(std::vector<EntrySpec>& entries, const Judgement& judgement) {
  const auto is_better = [&](const EntrySpec& a, const EntrySpec& b) {
    const Level* const first = judgement.level(a.name);
    const Level* const second = judgement.level(b.name);
    if (first == nullptr || second == nullptr) return second == nullptr && first != nullptr;
    return judgement.metric->lower_is_better ? first->value < second->value
                                             : first->value > second->value;
  };
  std::stable_sort(entries.begin(), entries.end(), is_better);
}

// In the order of `entries`, without those that are not among them.
template <class Each>
void arrange(std::vector<Each>& all, const std::vector<EntrySpec>& entries) {
  const auto place = [&](const Each& each) {
    return std::find_if(entries.begin(), entries.end(),
                        [&](const EntrySpec& entry) { return entry.name == each.entry; });
  };
  std::erase_if(all, [&](const Each& each) { return place(each) == entries.end(); });
  std::stable_sort(all.begin(), all.end(),
                   [&](const Each& a, const Each& b) { return place(a) < place(b); });
}

}  // namespace

void select(JudgedRun& run, const Selection& selection) {
  std::vector<EntrySpec>& entries = run.run.manifest.entries;
  if (!selection.only.empty()) keep_only(entries, selection.only, run.run.manifest.reference);
  if (!selection.sort.empty()) sort_by(entries, judgement_of(run, selection.sort));
  for (Judgement& judgement : run.judgements) {
    arrange(judgement.levels, entries);
    arrange(judgement.contrasts, entries);
    arrange(judgement.pairs, entries);
    std::erase_if(judgement.pairs,
                  [&](const Contrast& pair) { return run.run.entry(pair.base) == nullptr; });
  }
  arrange(run.conduct, entries);
  arrange(run.sign_changes, entries);
  arrange(run.explanations.contrasts, entries);
  arrange(run.explanations.pairs, entries);
  std::erase_if(run.explanations.pairs,
                [&](const Explanation& pair) { return run.run.entry(pair.base) == nullptr; });
  std::erase_if(run.run.windows,
                [&](const Window& window) { return run.run.entry(window.entry) == nullptr; });
}

}  // namespace duelio::results
