#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "common/thresholds.h"
#include "results/conduct.h"
#include "results/judged_run.h"
#include "results/layout.h"

namespace duelio::results {
namespace {

using Lanes = std::vector<std::size_t>;

// One metric at one load.
class Judge {
 public:
  Judge(const Layout& layout, const JudgedRun& judged, const Metric& metric, std::size_t load)
      : layout_(layout), judged_(judged), manifest_(judged.run.manifest) {
    judgement_.metric = &metric;
    judgement_.load = manifest_.plan.loads[load];
    judgement_.effect = manifest_.plan.minimum_effect;
    for (std::size_t block = 0; block < layout.blocks(); ++block)
      blocks_.push_back(layout.logs(metric, block, load));
  }

  Judgement judge() && {
    add_levels();
    if (judgement_.levels.empty()) return std::move(judgement_);
    const double loads = loads_of_metric();
    judge_control(manifest_.plan.alpha / loads);
    const auto& entries = manifest_.entries;
    const auto candidates = static_cast<double>(std::max<std::size_t>(entries.size() - 1, 1));
    const double pairs = candidates * static_cast<double>(entries.size()) / 2;
    for (const EntrySpec& entry : entries) {
      if (entry.name != manifest_.reference)
        judgement_.contrasts.push_back(judged(entry.name, manifest_.reference, candidates * loads));
    }
    for (auto one = entries.begin(); one != entries.end(); ++one) {
      for (auto other = one + 1; other != entries.end(); ++other)
        judgement_.pairs.push_back(judged(one->name, other->name, std::max(pairs, 1.0) * loads));
    }
    return std::move(judgement_);
  }

 private:
  double loads_of_metric() const {
    return static_cast<double>(std::count_if(
        manifest_.plan.loads.begin(), manifest_.plan.loads.end(), [&](const Load& load) {
          return load.is_open() ? judgement_.metric->in_open_loop
                                : judgement_.metric->in_closed_loop;
        }));
  }

  void add_levels() {
    for (const EntrySpec& entry : manifest_.entries) {
      std::vector<double> values;
      for (const Logs& logs : blocks_) {
        std::vector<double> of_block;
        for (const std::size_t lane : layout_.lanes_of(entry.name)) {
          for (const auto& row : logs) {
            if (!std::isnan(row[lane])) of_block.push_back(row[lane]);
          }
        }
        if (!of_block.empty()) values.push_back(std::exp(stats::median(of_block)));
      }
      if (values.empty()) continue;
      judgement_.levels.push_back({.entry = entry.name,
                                   .value = stats::median(values),
                                   .low = stats::quantile(values, 0.25),
                                   .high = stats::quantile(values, 0.75)});
    }
  }

  Contrast measured(const std::string& entry, const std::string& base, const Lanes& lanes,
                    const Lanes& base_lanes, double alpha) const {
    Contrast contrast{.entry = entry, .base = base};
    for (const Logs& logs : blocks_) {
      if (const auto estimate = block_estimate(logs, lanes, base_lanes))
        contrast.log_ratios.push_back(*estimate);
    }
    contrast.blocks = contrast.log_ratios.size();
    if (contrast.blocks == 0) return contrast;
    contrast.ratio = std::exp(stats::mean(contrast.log_ratios));
    if (contrast.blocks < thresholds::fewest_blocks) return contrast;
    const auto interval = stats::mean_interval(contrast.log_ratios, thresholds::nominal(alpha));
    contrast.interval = stats::Interval{std::exp(interval->low), std::exp(interval->high)};
    return contrast;
  }

  void judge_control(double alpha) {
    const std::string& reference = manifest_.reference;
    Contrast control = measured(reference, reference, {layout_.control()},
                                {layout_.lane_of(reference, Role::reference)}, alpha);
    if (const std::string why = nothing_to_say(control); !why.empty()) {
      withhold(control, why);
    } else {
      const double minimum_effect = manifest_.plan.minimum_effect;
      const double reach = std::max(control.interval->high, 1 / control.interval->low) - 1;
      control.word = Word::inconclusive;
      if (reach <= minimum_effect) {
        judgement_.control_state = Control::passed;
        control.word = Word::indistinguishable;
      } else if (control.interval->contains(1) && reach <= thresholds::widest_effect) {
        judgement_.control_state = Control::widened;
        judgement_.effect = reach;
        control.why = what_would_tell(control, minimum_effect);
      } else {
        judgement_.control_state = Control::failed;
        withhold(control, control.interval->contains(1) ? "the noise hides every difference"
                                                        : "the reference differs from itself");
      }
    }
    judgement_.control = std::move(control);
  }

  Contrast judged(const std::string& entry, const std::string& base, double family) const {
    Contrast contrast = measured(entry, base, layout_.lanes_of(entry), layout_.lanes_of(base),
                                 manifest_.plan.alpha / family);
    std::string why = nothing_to_say(contrast);
    if (why.empty()) why = client_limit(contrast);
    if (why.empty() && judgement_.control_state == Control::failed)
      why = "the control failed: " + judgement_.control.why;
    if (why.empty() && judgement_.control_state == Control::missing)
      why = "there is no control: " + judgement_.control.why;
    if (!why.empty()) {
      withhold(contrast, why);
      return contrast;
    }
    contrast.word = word_for(*contrast.interval, judgement_.effect, manifest_.plan.minimum_effect,
                             judgement_.metric->lower_is_better);
    if (contrast.word == Word::inconclusive)
      contrast.why = what_would_tell(contrast, manifest_.plan.minimum_effect);
    return contrast;
  }

  static void withhold(Contrast& contrast, std::string why) {
    contrast.word = Word::withheld;
    contrast.why = std::move(why);
  }

  // Why there is no interval. A ratio of entries of which one did not do the work is none, so it is
  // taken back.
  std::string nothing_to_say(Contrast& contrast) const {
    std::string why;
    for (const std::string* name : {&contrast.entry, &contrast.base}) {
      const Conduct* const conduct = judged_.conduct_of(*name, judgement_.load.id);
      if (conduct == nullptr || held(*conduct) || !why.empty()) continue;
      why = sentence(*conduct, judgement_.load);
    }
    if (!why.empty()) {
      contrast.ratio.reset();
      contrast.interval.reset();
      return why;
    }
    if (contrast.interval) return {};
    why = "too few blocks (" + std::to_string(contrast.blocks) + " of " +
          std::to_string(layout_.blocks()) + ")";
    if (const std::string cause = culprit(contrast); !cause.empty()) why += ": " + cause;
    return why;
  }

  // What cost the blocks: an entry was left out, or the cause that made most of its windows void.
  std::string culprit(const Contrast& contrast) const {
    for (const LeftOut& left_out : judged_.run.left_out()) {
      const bool is_concerned = left_out.entry == contrast.entry || left_out.entry == contrast.base;
      if (is_concerned && left_out.load.value_or(judgement_.load.id) == judgement_.load.id)
        return sentence(left_out);
    }
    const VoidWindows* most = nullptr;
    for (const VoidWindows& each : judged_.void_windows) {
      const bool is_concerned = each.entry == contrast.entry || each.entry == contrast.base;
      if (is_concerned && (most == nullptr || each.windows > most->windows)) most = &each;
    }
    return most == nullptr ? "" : sentence(*most);
  }

  // A rate at which the client was the limit compares clients.
  std::string client_limit(const Contrast& contrast) const {
    if (judgement_.metric->id != "rate") return {};
    for (const std::string* name : {&contrast.entry, &contrast.base}) {
      const Conduct* const conduct = judged_.conduct_of(*name, judgement_.load.id);
      if (conduct != nullptr && conduct->client_limited)
        return "the client was the limit for " + *name;
    }
    return {};
  }

  const Layout& layout_;
  const JudgedRun& judged_;
  const Manifest& manifest_;
  std::vector<Logs> blocks_;
  Judgement judgement_;
};

template <class List, class Is>
auto find(const List& list, Is is) -> const typename List::value_type* {
  const auto found = std::find_if(list.begin(), list.end(), is);
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

const Contrast* Judgement::contrast(std::string_view entry) const noexcept {
  return find(contrasts, [&](const Contrast& each) { return each.entry == entry; });
}

const Level* Judgement::level(std::string_view entry) const noexcept {
  return find(levels, [&](const Level& each) { return each.entry == entry; });
}

JudgedRun::JudgedRun(Run judged) : run(std::move(judged)) {
  const Layout layout(run);
  conduct = conduct_in(layout, run);
  void_windows = void_windows_in(run);
  const auto& loads = run.manifest.plan.loads;
  for (const Metric& metric : metrics()) {
    for (std::size_t load = 0; load < loads.size(); ++load) {
      if (!(loads[load].is_open() ? metric.in_open_loop : metric.in_closed_loop)) continue;
      Judgement judgement = Judge(layout, *this, metric, load).judge();
      if (!judgement.levels.empty()) judgements.push_back(std::move(judgement));
    }
  }
  explanations = explanations_of(*this);
  sign_changes = sign_changes_in(*this);
  warnings = warnings_about(layout, *this);
}

const Judgement* JudgedRun::judgement(std::string_view metric,
                                      std::string_view load) const noexcept {
  return find(judgements, [&](const Judgement& each) {
    return each.metric->id == metric && each.load.id == load;
  });
}

std::vector<const Judgement*> JudgedRun::judgements_of(std::string_view metric) const {
  std::vector<const Judgement*> found;
  for (const Judgement& each : judgements) {
    if (each.metric->id == metric) found.push_back(&each);
  }
  return found;
}

const Conduct* JudgedRun::conduct_of(std::string_view entry, std::string_view load) const noexcept {
  return find(conduct,
              [&](const Conduct& each) { return each.entry == entry && each.load == load; });
}

std::string_view JudgedRun::kind(std::string_view entry) const {
  const EntrySpec* const spec = run.entry(entry);
  if (spec == nullptr || spec->kind != "peer") return "backend";
  return entry.starts_with("floor") ? "floor" : "peer";
}

std::string JudgedRun::label(std::string_view entry) const {
  const std::string_view what = kind(entry);
  std::string text = std::string(entry) + (what == "backend" ? "" : " (" + std::string(what) + ")");
  const EntrySpec* const spec = run.entry(entry);
  if (spec == nullptr) return text;
  std::string options;
  const auto add = [&](const std::string& name) {
    options += (options.empty() ? "" : ", ") + name;
  };
  for (const std::string& name : spec->with.value_or(std::vector<std::string>{})) add(name);
  if (spec->deadlines.value_or(false)) add("deadlines");
  if (options.empty()) return text;
  return text + " (with " + options + ")";
}

std::vector<Verdict> verdicts(const JudgedRun& judged) {
  std::vector<Verdict> all;
  for (const Judgement& judgement : judged.judgements) {
    for (const Contrast& contrast : judgement.contrasts) {
      Verdict verdict{.metric = std::string(judgement.metric->id),
                      .load = judgement.load.id,
                      .entry = contrast.entry,
                      .base = contrast.base,
                      .blocks = contrast.blocks,
                      .ratio = contrast.ratio,
                      .word = std::string(to_string(contrast.word)),
                      .why = contrast.why};
      if (contrast.interval) {
        verdict.low = contrast.interval->low;
        verdict.high = contrast.interval->high;
      }
      all.push_back(std::move(verdict));
    }
  }
  return all;
}

}  // namespace duelio::results
