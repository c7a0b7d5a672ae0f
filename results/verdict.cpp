#include "results/verdict.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <set>

namespace duelio::results {
namespace {

// Beyond this a widened minimum effect would hide what people compare for.
constexpr double widest_minimum_effect = 0.25;
constexpr double busy_share = 0.95;

std::optional<double> value_of(const std::vector<const Slice*>& round, std::string_view role,
                               std::string_view entry, const Metric& metric) {
  for (const Slice* slice : round) {
    if (slice->role == role && slice->entry == entry)
      return slice->metric(metric.phase, metric.key);
  }
  return std::nullopt;
}

Contrast contrast_of(const Run& run, const Metric& metric, std::string_view entry,
                     std::string_view role, double alpha) {
  Contrast contrast;
  contrast.entry = entry;
  std::vector<double> values;
  const std::string reference = run.reference();
  for (const auto& [number, round] : rounds_for(run, metric)) {
    const auto base = value_of(round, "reference", reference, metric);
    const auto value = value_of(round, role, entry, metric);
    if (!value || !base || *value <= 0 || *base <= 0) continue;
    values.push_back(*value);
    contrast.log_ratios.push_back(std::log(*value / *base));
  }
  contrast.rounds = contrast.log_ratios.size();
  if (contrast.rounds == 0) return contrast;
  contrast.median = stats::median(values);
  contrast.ratio = std::exp(stats::hodges_lehmann(contrast.log_ratios));
  if (const auto interval = stats::signed_rank_interval(contrast.log_ratios, alpha)) {
    contrast.interval = stats::Interval{std::exp(interval->low), std::exp(interval->high)};
  }
  return contrast;
}

// The interval shrinks about with the square root of the rounds.
std::size_t rounds_needed(const Contrast& contrast, double minimum_effect) {
  if (!contrast.interval) return 0;
  const double half_width = std::log(contrast.interval->high / contrast.interval->low) / 2;
  const double distance =
      std::abs(std::abs(std::log(*contrast.ratio)) - std::log1p(minimum_effect));
  if (distance == 0) return 0;
  const double factor = half_width / distance;
  const double needed = std::ceil(static_cast<double>(contrast.rounds) * factor * factor);
  return needed > 10'000 ? 0 : static_cast<std::size_t>(needed);
}

}  // namespace

std::string_view to_string(Word word) noexcept {
  switch (word) {
    case Word::faster:
      return "faster";
    case Word::slower:
      return "slower";
    case Word::slightly_faster:
      return "slightly faster";
    case Word::slightly_slower:
      return "slightly slower";
    case Word::indistinguishable:
      return "indistinguishable";
    case Word::inconclusive:
      return "inconclusive";
    case Word::withheld:
      return "withheld";
  }
  return {};
}

std::string_view to_string(Control control) noexcept {
  switch (control) {
    case Control::passed:
      return "passed";
    case Control::widened:
      return "widened";
    case Control::failed:
      return "failed";
    case Control::missing:
      return "missing";
    case Control::client_limited:
      return "client-limited";
  }
  return {};
}

Rule rule_of(const Run& run) {
  const auto& plan = run.manifest.at("plan").as_object();
  return {.alpha = plan.at("alpha").to_number<double>(),
          .minimum_effect = plan.at("minimum_effect").to_number<double>(),
          .looks = plan.at("looks").as_array().size()};
}

std::map<int, std::vector<const Slice*>> complete_rounds(const Run& run) {
  const std::size_t slices_per_round = run.entries().size() + 1;  // and the control
  std::map<std::pair<int, int>, std::vector<const Slice*>> attempts;
  for (const Slice& slice : run.slices) attempts[{slice.round, slice.attempt}].push_back(&slice);
  std::map<int, std::vector<const Slice*>> rounds;
  for (const auto& [key, slices] : attempts) {
    const bool valid =
        std::all_of(slices.begin(), slices.end(), [](const Slice* slice) { return slice->valid; });
    if (valid && slices.size() == slices_per_round) rounds.emplace(key.first, slices);
  }
  return rounds;
}

std::map<int, std::vector<const Slice*>> rounds_for(const Run& run, const Metric& metric) {
  auto rounds = complete_rounds(run);
  if (metric.stands_steal) return rounds;
  std::erase_if(rounds, [&](const auto& round) {
    return std::any_of(round.second.begin(), round.second.end(),
                       [&](const Slice* slice) { return !slice->keeps_wall_clock(metric.phase); });
  });
  return rounds;
}

Word word_for(const stats::Interval& ratio, double minimum_effect, bool lower_is_better) noexcept {
  const double up = 1 + minimum_effect;
  const double down = 1 / up;
  const Word lower = lower_is_better ? Word::faster : Word::slower;
  const Word higher = lower_is_better ? Word::slower : Word::faster;
  if (ratio.high < down) return lower;
  if (ratio.low > up) return higher;
  if (ratio.low >= down && ratio.high <= up) return Word::indistinguishable;
  if (ratio.high < 1) return lower_is_better ? Word::slightly_faster : Word::slightly_slower;
  if (ratio.low > 1) return lower_is_better ? Word::slightly_slower : Word::slightly_faster;
  return Word::inconclusive;
}

MetricVerdict judge(const Run& run, const Metric& metric, const Rule& rule) {
  MetricVerdict verdict;
  verdict.metric = &metric;
  verdict.primary = &metric == &metrics().front();
  verdict.minimum_effect = rule.minimum_effect;
  const std::string reference = run.reference();
  const std::vector<std::string> entries = run.entries();
  const auto contrasts = static_cast<double>(std::max<std::size_t>(entries.size() - 1, 1));
  const double look_alpha = rule.alpha / static_cast<double>(rule.looks);

  std::vector<double> baseline;
  for (const auto& [number, round] : rounds_for(run, metric)) {
    if (const auto value = value_of(round, "reference", reference, metric))
      baseline.push_back(*value);
  }
  if (!baseline.empty()) verdict.reference_median = stats::median(baseline);
  verdict.drift = stats::drift(baseline);

  verdict.control = contrast_of(run, metric, reference, "control", look_alpha);
  if (verdict.control.interval) {
    const stats::Interval& interval = *verdict.control.interval;
    const double reach = std::max(interval.high, 1 / interval.low) - 1;
    if (reach <= rule.minimum_effect) {
      verdict.control_state = Control::passed;
      verdict.control.word = Word::indistinguishable;
    } else if (interval.contains(1) && reach <= widest_minimum_effect) {
      verdict.control_state = Control::widened;
      verdict.minimum_effect = reach;
    } else {
      verdict.control_state = Control::failed;
    }
  }
  // In a closed loop the side that is never idle is the limit. If that is the client, rates compare
  // clients.
  std::size_t slices = 0;
  for (const auto& [number, round] : rounds_for(run, metric)) {
    for (const Slice* slice : round) {
      ++slices;
      const double server = slice->metric(metric.phase, "server_share").value_or(1);
      const double generator = slice->metric(metric.phase, "generator_share").value_or(0);
      if (metric.phase == "closed" && server < busy_share && generator >= busy_share)
        ++verdict.client_limited;
    }
  }
  if (verdict.client_limited * 10 > slices) verdict.control_state = Control::client_limited;
  const bool is_withheld =
      verdict.control_state == Control::failed || verdict.control_state == Control::client_limited;
  for (const std::string& entry : entries) {
    if (entry == reference) continue;
    Contrast contrast = contrast_of(run, metric, entry, "candidate", look_alpha / contrasts);
    if (is_withheld) {
      contrast.word = Word::withheld;
    } else if (contrast.interval && verdict.control_state != Control::missing) {
      contrast.word = word_for(*contrast.interval, verdict.minimum_effect, metric.lower_is_better);
    }
    if (contrast.word == Word::inconclusive) {
      contrast.rounds_needed = rounds_needed(contrast, verdict.minimum_effect);
    }
    verdict.contrasts.push_back(std::move(contrast));
  }
  return verdict;
}

std::vector<std::string> warmup_warnings(const Run& run) {
  constexpr double tolerated = 0.05;
  constexpr std::size_t fewest = 5;
  std::map<std::string, std::vector<double>> halves;
  for (const auto& [number, round] : complete_rounds(run)) {
    for (const Slice* slice : round) {
      if (const auto ratio = slice->metric("open", "second_half_to_first"))
        halves[slice->entry].push_back(*ratio);
    }
  }
  std::vector<std::string> warnings;
  for (const auto& [entry, ratios] : halves) {
    const double change = stats::median(ratios) - 1;
    if (ratios.size() < fewest || std::abs(change) <= tolerated) continue;
    std::array<char, 32> percent{};
    std::snprintf(percent.data(), percent.size(), "%.0f %%", 100 * std::abs(change));
    warnings.push_back(entry + " used " + percent.data() + (change < 0 ? " less" : " more") +
                       " CPU in the second half of its windows than in the first: it was still "
                       "warming up (--warmup)");
  }
  return warnings;
}

std::string sentence(const MetricVerdict& verdict, const Contrast& contrast,
                     std::string_view reference) {
  std::array<char, 512> text{};
  const Metric& metric = *verdict.metric;
  const std::string name = contrast.entry;
  if (!contrast.ratio || !contrast.interval) {
    return name + " against " + std::string(reference) + ": too few valid rounds to say";
  }
  const auto percent = [](double ratio) { return 100 * (ratio - 1); };
  if (contrast.word == Word::withheld || contrast.word == Word::indistinguishable ||
      contrast.word == Word::inconclusive) {
    const char* const how = contrast.word == Word::withheld            ? "gets no verdict against"
                            : contrast.word == Word::indistinguishable ? "is indistinguishable from"
                                                                       : "cannot be told from";
    std::snprintf(
        text.data(), text.size(), "%s %s %.*s in %.*s: %+.1f %% [%+.1f, %+.1f], %zu rounds",
        name.c_str(), how, static_cast<int>(reference.size()), reference.data(),
        static_cast<int>(metric.title.size()), metric.title.data(), percent(*contrast.ratio),
        percent(contrast.interval->low), percent(contrast.interval->high), contrast.rounds);
    return text.data();
  }
  const bool less = *contrast.ratio < 1;
  const std::string_view noun = less ? metric.less : metric.more;
  double near_end = std::abs(percent(contrast.interval->low));
  double far_end = std::abs(percent(contrast.interval->high));
  if (near_end > far_end) std::swap(near_end, far_end);
  std::snprintf(text.data(), text.size(), "%s has %.1f %% %.*s than %.*s [%.1f, %.1f], %zu rounds",
                name.c_str(), std::abs(percent(*contrast.ratio)), static_cast<int>(noun.size()),
                noun.data(), static_cast<int>(reference.size()), reference.data(), near_end,
                far_end, contrast.rounds);
  return text.data();
}

}  // namespace duelio::results
