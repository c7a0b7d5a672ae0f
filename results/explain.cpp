#include "results/explain.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "common/thresholds.h"
#include "results/judged_run.h"

namespace duelio::results {
namespace {

constexpr std::size_t most_in_a_sentence = 4;
constexpr double small_function = 0.005;  // of both sides' samples

double share_of(const Sampled& sampled, const std::vector<std::vector<double>>& rows,
                const std::vector<double>& all, std::string_view cause) {
  const auto found = std::find(sampled.causes.begin(), sampled.causes.end(), cause);
  if (found == sampled.causes.end()) return 0;
  const auto column = static_cast<std::size_t>(found - sampled.causes.begin());
  double sum = 0;
  for (const auto& row : rows) sum += row[column];
  return sum / std::accumulate(all.begin(), all.end(), 0.0);
}

// Those that neither side has much of become one.
Sampled without_small(const Sampled& sampled) {
  Sampled out{.causes = {},
              .entry = std::vector<std::vector<double>>(sampled.entry.size()),
              .base = std::vector<std::vector<double>>(sampled.base.size())};
  std::vector<double> entry_rest(sampled.entry.size(), 0);
  std::vector<double> base_rest(sampled.base.size(), 0);
  std::size_t small = 0;
  for (std::size_t cause = 0; cause < sampled.causes.size(); ++cause) {
    const std::string& name = sampled.causes[cause];
    const bool is_small =
        share_of(sampled, sampled.entry, sampled.all_of_entry, name) < small_function &&
        share_of(sampled, sampled.base, sampled.all_of_base, name) < small_function;
    small += is_small ? 1 : 0;
    if (!is_small) out.causes.push_back(name);
    for (std::size_t block = 0; block < sampled.entry.size(); ++block) {
      if (is_small) {
        entry_rest[block] += sampled.entry[block][cause];
        base_rest[block] += sampled.base[block][cause];
      } else {
        out.entry[block].push_back(sampled.entry[block][cause]);
        out.base[block].push_back(sampled.base[block][cause]);
      }
    }
  }
  if (small == 0) return out;
  out.causes.emplace_back("all smaller ones");
  for (std::size_t block = 0; block < out.entry.size(); ++block) {
    out.entry[block].push_back(entry_rest[block]);
    out.base[block].push_back(base_rest[block]);
  }
  return out;
}

// The parts of `parts` that are named as those of `order`, in its order.
std::vector<Part> arranged(const std::vector<Part>& parts, const std::vector<Part>& order) {
  std::vector<Part> out;
  for (const Part& each : order) {
    for (const Part& part : parts) {
      if (part.cause == each.cause) out.push_back(part);
    }
  }
  return out;
}

// What was sampled at one load, in each way to take it apart.
class AtLoad {
 public:
  AtLoad(const JudgedRun& run, const Judgement& judgement)
      : judgement_(judgement),
        alpha_(run.run.manifest.plan.alpha),
        tree_(run.run, judgement.load.id),
        calls_(causes_by(tree_, [&](std::size_t node) { return call(node); })),
        works_(causes_by(tree_, [&](std::size_t node) { return work(node); })),
        both_(causes_by(tree_,
                        [&](std::size_t node) {
                          return call(node) == work(node) ? call(node)
                                                          : call(node) + ": " + work(node);
                        })),
        functions_(causes_by(tree_,
                             [&](std::size_t node) {
                               return node == 0 ? "[unknown]`[unknown]" : tree_.function(node);
                             })),
        with_callees_(functions_with_callees(tree_)) {}

  std::optional<Explanation> explain(const Contrast& contrast) const {
    const Level* const base = judgement_.level(contrast.base);
    if (!contrast.ratio || contrast.word == Word::withheld || base == nullptr) return std::nullopt;
    const auto& of_entry = tree_.of(contrast.entry);
    const auto& of_base = tree_.of(contrast.base);
    const Sampled works = sampled_by(works_, of_entry, of_base);
    if (works.entry.empty()) return std::nullopt;
    Explanation explanation{.entry = contrast.entry,
                            .base = contrast.base,
                            .load = judgement_.load,
                            .ratio = *contrast.ratio,
                            .is_told = contrast.interval && !contrast.interval->contains(1),
                            .difference_ns = base->value * (*contrast.ratio - 1),
                            .blocks = works.entry.size(),
                            .samples = count_of(works.all_of_entry),
                            .base_samples = count_of(works.all_of_base),
                            .unplaced_share = share_of(works, works.entry, works.all_of_entry,
                                                       to_string(Work::unplaced)),
                            .base_unplaced_share = share_of(works, works.base, works.all_of_base,
                                                            to_string(Work::unplaced))};
    if (contrast.interval)
      explanation.interval = stats::Interval{base->value * (contrast.interval->low - 1),
                                             base->value * (contrast.interval->high - 1)};
    const Timed timed{.base_ns = base->value, .log_ratios = contrast.log_ratios};
    const auto apart = [&](const Causes& causes) {
      return take_apart(timed, sampled_by(causes, of_entry, of_base), alpha_);
    };
    explanation.by_call = apart(calls_);
    explanation.by_work = take_apart(timed, works, alpha_);
    explanation.by_both = apart(both_);
    explanation.by_function =
        take_apart(timed, without_small(sampled_by(functions_, of_entry, of_base)), alpha_);
    explanation.with_callees = arranged(apart(with_callees_), explanation.by_function);
    explanation.frames = frames_of(tree_, of_entry, of_base, timed, alpha_);
    return explanation;
  }

 private:
  std::string call(std::size_t node) const { return std::string(by_call(tree_.cause(node))); }
  std::string work(std::size_t node) const { return std::string(by_work(tree_.cause(node))); }
  static std::uint64_t count_of(const std::vector<double>& all) {
    return static_cast<std::uint64_t>(std::accumulate(all.begin(), all.end(), 0.0));
  }

  const Judgement& judgement_;
  double alpha_;
  StackTree tree_;
  Causes calls_;
  Causes works_;
  Causes both_;
  Causes functions_;  // without what they call
  Causes with_callees_;
};

std::string text(const char* format, double value) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), format, value);
  return out.data();
}

}  // namespace

Explanations explanations_of(const JudgedRun& run) {
  Explanations all;
  if (run.run.profiles.empty()) return all;
  const std::string& reference = run.run.manifest.reference;
  for (const Judgement* const judgement : run.judgements_of(metrics().front().id)) {
    const AtLoad at_load(run, *judgement);
    for (const Contrast& contrast : judgement->contrasts) {
      if (auto one = at_load.explain(contrast)) all.contrasts.push_back(std::move(*one));
    }
    for (const Contrast& pair : judgement->pairs) {
      if (pair.entry == reference || pair.base == reference) continue;
      if (auto one = at_load.explain(pair)) all.pairs.push_back(std::move(*one));
    }
  }
  return all;
}

std::string format_difference(double ns) {
  return text("%+.2f us", ns * 1e-3);
}

std::string sentence(const Explanation& explanation) {
  std::string out = explanation.entry;
  const bool is_less = explanation.ratio < 1;
  if (explanation.is_told) {
    out += " needs " + text("%.1f %%", 100 * std::abs(explanation.ratio - 1)) +
           text(" (%.2f us) ", std::abs(explanation.difference_ns) * 1e-3) +
           (is_less ? "less" : "more") + " CPU per request than " + explanation.base;
  } else {
    out += " is not told from " + explanation.base + " in CPU per request";
  }
  out += " at " + explanation.load.id + ": ";
  std::size_t told = 0;
  for (const Part& part : explanation.by_call) {
    if (!part.is_told()) continue;
    if (++told <= most_in_a_sentence)
      out += (told == 1 ? "" : ", ") + part.cause + " " + format_difference(part.difference_ns);
  }
  if (told == 0)
    return out + "no cause is told by " + std::to_string(explanation.samples) + " and " +
           std::to_string(explanation.base_samples) + " samples";
  if (told > most_in_a_sentence)
    out += ", and " + std::to_string(told - most_in_a_sentence) + " smaller";
  return told == explanation.by_call.size() ? out : out + "; the rest is not told";
}

std::vector<std::string> shortcomings(const Explanation& explanation) {
  std::vector<std::string> lines;
  for (const auto& [entry, share] :
       {std::pair(&explanation.entry, explanation.unplaced_share),
        std::pair(&explanation.base, explanation.base_unplaced_share)}) {
    if (share > thresholds::unplaced_share)
      lines.push_back(text("%.1f %%", 100 * share) + " of the samples of " + *entry + " at " +
                      explanation.load.id + " are not placed: no cause is known for them");
  }
  return lines;
}

}  // namespace duelio::results
