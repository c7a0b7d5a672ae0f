#include "results/explain.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <random>

#include "common/thresholds.h"
#include "results/judged_run.h"

namespace duelio::results {
namespace {

constexpr std::size_t resamples = 1000;
constexpr std::size_t most_in_a_sentence = 4;

using Shares = std::vector<double>;

// Of all samples of these blocks together; a block may stand in it more than once.
Shares shares_of(const std::vector<std::vector<double>>& blocks,
                 std::span<const std::size_t> chosen) {
  Shares shares(blocks.front().size(), 0);
  double sum = 0;
  for (const std::size_t block : chosen) {
    for (std::size_t cause = 0; cause < shares.size(); ++cause) {
      shares[cause] += blocks[block][cause];
      sum += blocks[block][cause];
    }
  }
  for (double& share : shares) share /= sum;
  return shares;
}

struct Draw {
  double base_ns;
  double entry_ns;
  Shares entry;
  Shares base;

  double difference(std::size_t cause) const {
    return entry_ns * entry[cause] - base_ns * base[cause];
  }
};

Draw draw_of(const Timed& timed, std::span<const std::size_t> timed_blocks, const Sampled& sampled,
             std::span<const std::size_t> sampled_blocks) {
  double sum = 0;
  for (const std::size_t block : timed_blocks) sum += timed.log_ratios[block];
  return {.base_ns = timed.base_ns,
          .entry_ns = timed.base_ns * std::exp(sum / static_cast<double>(timed_blocks.size())),
          .entry = shares_of(sampled.entry, sampled_blocks),
          .base = shares_of(sampled.base, sampled_blocks)};
}

std::vector<std::size_t> first(std::size_t count) {
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

// The standard error of each cause's difference, by the bootstrap. The seed is fixed, so that a
// report repeats to the byte.
std::vector<double> standard_errors(const Timed& timed, const Sampled& sampled) {
  std::mt19937_64 random(20);
  std::vector<std::size_t> timed_blocks(timed.log_ratios.size());
  std::vector<std::size_t> sampled_blocks(sampled.entry.size());
  const auto choose = [&](std::vector<std::size_t>& blocks) {
    for (std::size_t& block : blocks) block = random() % blocks.size();
  };
  std::vector<double> sums(sampled.causes.size(), 0);
  std::vector<double> squares(sampled.causes.size(), 0);
  const Draw all =
      draw_of(timed, first(timed_blocks.size()), sampled, first(sampled_blocks.size()));
  for (std::size_t i = 0; i < resamples; ++i) {
    choose(timed_blocks);
    choose(sampled_blocks);
    const Draw draw = draw_of(timed, timed_blocks, sampled, sampled_blocks);
    for (std::size_t cause = 0; cause < sums.size(); ++cause) {
      const double away = draw.difference(cause) - all.difference(cause);
      sums[cause] += away;
      squares[cause] += away * away;
    }
  }
  std::vector<double> errors;
  errors.reserve(sums.size());
  for (std::size_t cause = 0; cause < sums.size(); ++cause) {
    const double mean = sums[cause] / resamples;
    errors.push_back(std::sqrt(std::max(squares[cause] / resamples - mean * mean, 0.0)));
  }
  return errors;
}

template <class Name>
Sampled sampled_by(const std::map<std::size_t, CauseCounts>& entry,
                   const std::map<std::size_t, CauseCounts>& base, Name name) {
  std::map<std::string, std::size_t> places;
  const auto row_of = [&](const CauseCounts& counts) {
    std::vector<double> row;
    for (const auto& [cause, count] : counts) {
      const auto place =
          places.try_emplace(name(Cause{cause.first, cause.second}), places.size()).first->second;
      if (row.size() <= place) row.resize(place + 1, 0);
      row[place] += static_cast<double>(count);
    }
    return row;
  };
  Sampled sampled;
  for (const auto& [block, counts] : entry) {
    const auto other = base.find(block);
    if (other == base.end()) continue;
    sampled.entry.push_back(row_of(counts));
    sampled.base.push_back(row_of(other->second));
  }
  for (auto* const side : {&sampled.entry, &sampled.base}) {
    for (auto& row : *side) row.resize(places.size(), 0);
  }
  sampled.causes.resize(places.size());
  for (const auto& [cause, place] : places) sampled.causes[place] = cause;
  return sampled;
}

std::uint64_t sum_of(const std::vector<std::vector<double>>& blocks) {
  double sum = 0;
  for (const auto& row : blocks) sum = std::accumulate(row.begin(), row.end(), sum);
  return static_cast<std::uint64_t>(sum);
}

double share_of(const std::vector<std::vector<double>>& blocks,
                const std::vector<std::string>& causes, std::string_view cause) {
  const auto found = std::find(causes.begin(), causes.end(), cause);
  if (found == causes.end()) return 0;
  return shares_of(blocks, first(blocks.size()))[static_cast<std::size_t>(found - causes.begin())];
}

std::string text(const char* format, double value) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), format, value);
  return out.data();
}

}  // namespace

std::vector<Part> take_apart(const Timed& timed, const Sampled& sampled, double alpha) {
  const std::size_t blocks = std::min(timed.log_ratios.size(), sampled.entry.size());
  if (blocks == 0 || sampled.causes.empty()) return {};
  const Draw all =
      draw_of(timed, first(timed.log_ratios.size()), sampled, first(sampled.entry.size()));
  std::vector<Part> parts;
  parts.reserve(sampled.causes.size());
  for (std::size_t cause = 0; cause < sampled.causes.size(); ++cause)
    parts.push_back({.cause = sampled.causes[cause],
                     .entry_ns = all.entry_ns * all.entry[cause],
                     .base_ns = all.base_ns * all.base[cause],
                     .difference_ns = all.difference(cause)});
  if (blocks >= thresholds::fewest_blocks) {
    // A percentile of so few blocks' resamples would be too narrow: Student's quantile, and the
    // factor by which the bootstrap's variance of a mean is too small.
    const auto n = static_cast<double>(blocks);
    const double probability = thresholds::nominal(alpha) / 2 / static_cast<double>(parts.size());
    const double reach = -stats::student_quantile(probability, n - 1) * std::sqrt(n / (n - 1));
    const std::vector<double> errors = standard_errors(timed, sampled);
    for (std::size_t cause = 0; cause < parts.size(); ++cause) {
      const double centre = parts[cause].difference_ns;
      parts[cause].interval = {centre - reach * errors[cause], centre + reach * errors[cause]};
    }
  }
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return std::abs(a.difference_ns) > std::abs(b.difference_ns);
  });
  return parts;
}

std::optional<Explanation> explain(const Tally& tally, const Judgement& judgement,
                                   const Contrast& contrast, double alpha) {
  const Level* const base = judgement.level(contrast.base);
  if (!contrast.ratio || contrast.word == Word::withheld || base == nullptr) return std::nullopt;
  const auto& of_entry = tally.of(contrast.entry, judgement.load.id);
  const auto& of_base = tally.of(contrast.base, judgement.load.id);
  const auto name_by_call = [](const Cause& cause) { return std::string(by_call(cause)); };
  const auto name_by_work = [](const Cause& cause) { return std::string(by_work(cause)); };
  const auto name_by_both = [&](const Cause& cause) {
    const std::string call = name_by_call(cause);
    const std::string work = name_by_work(cause);
    return call == work ? call : call + ": " + work;
  };
  const Timed timed{.base_ns = base->value, .log_ratios = contrast.log_ratios};
  const Sampled works = sampled_by(of_entry, of_base, name_by_work);
  if (works.entry.empty()) return std::nullopt;
  Explanation explanation{
      .entry = contrast.entry,
      .base = contrast.base,
      .load = judgement.load,
      .ratio = *contrast.ratio,
      .is_told = contrast.interval && !contrast.interval->contains(1),
      .difference_ns = base->value * (*contrast.ratio - 1),
      .blocks = works.entry.size(),
      .samples = sum_of(works.entry),
      .base_samples = sum_of(works.base),
      .unplaced_share = share_of(works.entry, works.causes, to_string(Work::unplaced)),
      .base_unplaced_share = share_of(works.base, works.causes, to_string(Work::unplaced)),
      .by_call = take_apart(timed, sampled_by(of_entry, of_base, name_by_call), alpha),
      .by_work = take_apart(timed, works, alpha),
      .by_both = take_apart(timed, sampled_by(of_entry, of_base, name_by_both), alpha)};
  if (contrast.interval)
    explanation.interval = stats::Interval{base->value * (contrast.interval->low - 1),
                                           base->value * (contrast.interval->high - 1)};
  return explanation;
}

std::vector<Explanation> explanations_of(const JudgedRun& run) {
  std::vector<Explanation> all;
  if (run.run.profiles.empty()) return all;
  const Tally tally(run.run);
  for (const Judgement* const judgement : run.judgements_of(metrics().front().id)) {
    for (const Contrast& contrast : judgement->contrasts) {
      if (auto one = explain(tally, *judgement, contrast, run.run.manifest.plan.alpha))
        all.push_back(std::move(*one));
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
