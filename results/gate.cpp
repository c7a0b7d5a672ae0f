#include "results/gate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>

#include "common/thresholds.h"
#include "common/units.h"
#include "results/conduct.h"
#include "results/likeness.h"
#include "results/statistics.h"

namespace duelio::results {
namespace {

constexpr std::string_view primary = "cpu";

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

// The worst finding is the gate's: a proven regression, then what cannot be told.
class Findings {
 public:
  explicit Findings(std::ostream& out) : out_(out) {}

  // `limit` is what is allowed, `told` what a regression has to exceed to be one.
  void add(const std::string& what, double ratio, const stats::Interval& interval,
           const std::string& of, double limit, double told) {
    const bool worse = interval.low > 1 + told;
    const bool passed = interval.high <= 1 + limit;
    std::array<char, 64> numbers{};
    std::snprintf(numbers.data(), numbers.size(), ": %.3f [%.3f, %.3f] of ", ratio, interval.low,
                  interval.high);
    add(worse    ? Gate::regressed
        : passed ? Gate::passed
                 : Gate::cannot_tell,
        what + numbers.data() + of + ": " +
            (worse    ? "REGRESSION"
             : passed ? "no regression"
                      : "cannot tell: it may be beyond " + format_percent(std::max(limit, told))));
  }

  void add(Gate finding, const std::string& line) {
    out_ << line << '\n';
    if (gate_ == Gate::regressed || (gate_ == Gate::cannot_tell && finding == Gate::passed)) return;
    gate_ = finding;
  }

  Gate gate() const {
    if (gate_ == Gate::nothing_matched)
      out_ << "nothing matched: no entry beside the reference at a load that was measured\n";
    return gate_;
  }

 private:
  std::ostream& out_;
  Gate gate_ = Gate::nothing_matched;
};

// Why a run can prove nothing; empty when it can.
std::string flaw(const JudgedRun& judged) {
  if (const std::string why = judged.run.unfinished(); !why.empty())
    return "the run was not finished (" + why + ")";
  for (const Judgement* judgement : judged.judgements_of(primary)) {
    if (judgement->control_state == Control::failed)
      return "the control failed at " + judgement->load.id + " (" + judgement->control.why + ")";
  }
  return {};
}

std::string at(const Contrast& contrast, const Judgement& judgement) {
  return contrast.entry + " at " + judgement.load.id;
}

// An entry that was left out at this load, and why; nullopt when it was not.
std::optional<std::string> left_out(const JudgedRun& judged, const Contrast& contrast,
                                    const Judgement& judgement) {
  for (const LeftOut& each : judged.run.left_out()) {
    if (each.entry == contrast.entry && each.load.value_or(judgement.load.id) == judgement.load.id)
      return sentence(each);
  }
  return std::nullopt;
}

// An entry that is not there any more, or does not do the work, has got worse without any ratio.
void add_unable(const JudgedRun& judged, const Contrast& contrast, const Judgement& judgement,
                Findings& findings) {
  const Conduct* const conduct = judged.conduct_of(contrast.entry, judgement.load.id);
  const auto gone = left_out(judged, contrast, judgement);
  const bool is_worse = gone || (conduct != nullptr && !held(*conduct));
  findings.add(is_worse ? Gate::regressed : Gate::cannot_tell,
               at(contrast, judgement) + ": " +
                   (contrast.why.empty() ? gone.value_or("") : contrast.why) +
                   (is_worse ? ": REGRESSION" : ": cannot tell"));
}

struct Match {
  const Judgement* before;
  const Judgement* after;
  const Contrast* old_contrast;
  const Contrast* new_contrast;
};

std::vector<Match> matches_of(const JudgedRun& baseline, const JudgedRun& candidate) {
  std::vector<Match> matches;
  for (const Judgement* before : baseline.judgements_of(primary)) {
    const Judgement* const after = candidate.judgement(primary, before->load.id);
    if (after == nullptr) continue;
    for (const Contrast& contrast : before->contrasts) {
      if (const Contrast* const other = after->contrast(contrast.entry))
        matches.push_back({before, after, &contrast, other});
    }
  }
  return matches;
}

// Loads that a fraction names follow the speed of the day, but only so far are they the same load.
std::vector<std::string> unlike_rates(const std::vector<Match>& matches) {
  std::vector<std::string> unlike;
  for (const Match& match : matches) {
    if (!match.before->load.is_open() || !match.after->load.is_open()) continue;
    const double before = *match.before->load.rate;
    const double after = *match.after->load.rate;
    if (std::max(before, after) <= thresholds::like_rates * std::min(before, after)) continue;
    const std::string line = "load " + match.before->load.id + ": " + format_count(before) +
                             "/s and " + format_count(after) + "/s offered";
    if (unlike.empty() || unlike.back() != line) unlike.push_back(line);
  }
  return unlike;
}

}  // namespace

Gate hold_within(const JudgedRun& judged, const GateRule& rule, std::ostream& out) {
  if (const std::string why = flaw(judged); !why.empty()) {
    out << judged.run.file << ": " << why << ", so it can prove nothing\n";
    return Gate::invalid;
  }
  Findings findings(out);
  for (const Judgement* judgement : judged.judgements_of(primary)) {
    for (const Contrast& contrast : judgement->contrasts) {
      if (!contrast.interval || contrast.word == Word::withheld ||
          left_out(judged, contrast, *judgement)) {
        add_unable(judged, contrast, *judgement, findings);
        continue;
      }
      findings.add(at(contrast, *judgement), *contrast.ratio, *contrast.interval, contrast.base,
                   rule.fail_on, std::max(rule.fail_on, judgement->effect));
    }
  }
  return findings.gate();
}

Gate hold_against(const JudgedRun& baseline, const JudgedRun& candidate, const GateRule& rule,
                  std::ostream& out) {
  const std::vector<Match> matches = matches_of(baseline, candidate);
  auto unlike = differences(baseline.run, candidate.run, Figures::values);
  for (const std::string& each : unlike_rates(matches)) unlike.push_back(each);
  if (!unlike.empty()) {
    out << "not comparable: " << joined(unlike) << (rule.allow_unlike ? " (allowed)" : "") << '\n';
    if (!rule.allow_unlike) return Gate::not_comparable;
  }
  for (const JudgedRun* judged : {&baseline, &candidate}) {
    const std::string why = flaw(*judged);
    if (why.empty()) continue;
    out << judged->run.file << ": " << why << ", so it can prove nothing\n";
    return Gate::invalid;
  }
  Findings findings(out);
  for (const Match& match : matches) {
    const bool old_is_good = match.old_contrast->word != Word::withheld;
    if (!old_is_good) {
      findings.add(Gate::cannot_tell, at(*match.old_contrast, *match.before) +
                                          ": in the baseline " + match.old_contrast->why +
                                          ": cannot tell");
      continue;
    }
    if (match.new_contrast->word == Word::withheld ||
        left_out(candidate, *match.new_contrast, *match.after)) {
      add_unable(candidate, *match.new_contrast, *match.after, findings);
      continue;
    }
    const auto& before = match.old_contrast->log_ratios;
    const auto& after = match.new_contrast->log_ratios;
    const auto interval = stats::difference_interval(
        before, after, thresholds::nominal(rule.alpha / static_cast<double>(matches.size())));
    findings.add(at(*match.new_contrast, *match.after),
                 std::exp(stats::mean(after) - stats::mean(before)),
                 {std::exp(interval->low), std::exp(interval->high)}, "the baseline's ratio",
                 rule.fail_on, rule.fail_on);
  }
  return findings.gate();
}

}  // namespace duelio::results
