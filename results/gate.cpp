#include "results/gate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "results/likeness.h"
#include "results/statistics.h"
#include "results/verdict.h"

namespace duelio::results {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

std::vector<double> log_values(const Run& run, const std::string& entry) {
  std::vector<double> values;
  for (const auto& [number, round] : complete_rounds(run)) {
    for (const Slice* slice : round) {
      const auto value = slice->metric(metrics().front().phase, metrics().front().key);
      if (slice->entry == entry && slice->role != "control" && value && *value > 0)
        values.push_back(std::log(*value));
    }
  }
  return values;
}

// Whether it is a regression: the whole interval beyond what is allowed.
bool print_finding(std::ostream& out, const std::string& entry, double ratio,
                   const stats::Interval& interval, const std::string& of, double fail_on) {
  const bool worse = interval.low > 1 + fail_on;
  std::array<char, 256> line{};
  std::snprintf(line.data(), line.size(), "%s: %.3f [%.3f, %.3f] of %s: %s", entry.c_str(), ratio,
                interval.low, interval.high, of.c_str(),
                worse                         ? "REGRESSION"
                : interval.high < 1 + fail_on ? "no regression"
                                              : "no regression proven");
  out << line.data() << '\n';
  return worse;
}

bool control_failed(const Run& run) {
  return judge(run, metrics().front(), rule_of(run)).control_state == Control::failed;
}

}  // namespace

Gate hold_within(const Run& run, const GateRule& rule, std::ostream& out) {
  const MetricVerdict verdict = judge(run, metrics().front(), rule_of(run));
  if (verdict.control_state == Control::failed) {
    out << run.file << ": the control failed, so it can prove nothing\n";
    return Gate::invalid;
  }
  Gate gate = Gate::nothing_matched;
  for (const Contrast& contrast : verdict.contrasts) {
    if (!contrast.interval) {
      out << contrast.entry << ": too few valid rounds (" << contrast.rounds << ")\n";
      continue;
    }
    const bool worse =
        print_finding(out, contrast.entry, *contrast.ratio, *contrast.interval, run.reference(),
                      std::max(rule.fail_on, verdict.minimum_effect));
    if (worse) {
      gate = Gate::regressed;
    } else if (gate == Gate::nothing_matched) {
      gate = Gate::passed;
    }
  }
  if (gate == Gate::nothing_matched) out << "nothing matched: no entry beside the reference\n";
  return gate;
}

Gate hold_against(const Run& baseline, const Run& candidate, const GateRule& rule,
                  std::ostream& out) {
  if (const auto unlike = differences(baseline, candidate, Figures::values); !unlike.empty()) {
    out << "not comparable: " << joined(unlike) << (rule.allow_unlike ? " (allowed)" : "") << '\n';
    if (!rule.allow_unlike) return Gate::not_comparable;
  }
  for (const Run* run : {&baseline, &candidate}) {
    if (const std::string why = run->unfinished(); !why.empty()) {
      out << run->file << ": the run was not finished (" << why << "), so it can prove nothing\n";
      return Gate::invalid;
    }
    if (!control_failed(*run)) continue;
    out << run->file << ": the control failed, so it can prove nothing\n";
    return Gate::invalid;
  }
  std::vector<std::string> matched;
  const std::vector<std::string> others = candidate.entries();
  for (const std::string& entry : baseline.entries()) {
    if (std::find(others.begin(), others.end(), entry) != others.end()) matched.push_back(entry);
  }
  Gate gate = Gate::nothing_matched;
  for (const std::string& entry : matched) {
    const auto before = log_values(baseline, entry);
    const auto after = log_values(candidate, entry);
    const auto interval =
        stats::rank_sum_interval(before, after, rule.alpha / static_cast<double>(matched.size()));
    if (!interval) {
      out << entry << ": too few valid rounds (" << before.size() << " and " << after.size()
          << ")\n";
      continue;
    }
    const bool worse = print_finding(out, entry, std::exp(stats::rank_sum_shift(before, after)),
                                     {std::exp(interval->low), std::exp(interval->high)},
                                     "the baseline", rule.fail_on);
    if (worse) {
      gate = Gate::regressed;
    } else if (gate == Gate::nothing_matched) {
      gate = Gate::passed;
    }
  }
  if (gate == Gate::nothing_matched)
    out << "nothing matched: no entry is measured well enough in both runs\n";
  return gate;
}

}  // namespace duelio::results
