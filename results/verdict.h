#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/metrics.h"
#include "results/record.h"
#include "results/statistics.h"

// From slices to words. Everything here is a function of a results file.
namespace duelio::results {

// How an interval of the ratio lies to the minimum effect. METHODOLOGY.md, "Statistics and verdict
// words".
enum class Word : std::uint8_t {
  faster,  // wholly beyond the minimum effect, on the better side
  slower,
  slightly_faster,  // excludes "no difference", but not the minimum effect
  slightly_slower,
  indistinguishable,  // wholly within the minimum effect
  inconclusive,       // too wide to say
  withheld,           // the control failed: this run can say nothing
};
std::string_view to_string(Word word) noexcept;

struct Contrast {
  std::string entry;
  std::size_t rounds = 0;
  std::optional<double> median;             // of the entry's own values, in the metric's unit
  std::optional<double> ratio;              // entry / reference, Hodges-Lehmann of the log-ratios
  std::optional<stats::Interval> interval;  // of the ratio
  std::vector<double> log_ratios;           // by round
  Word word = Word::inconclusive;
  std::size_t rounds_needed = 0;  // a guess, for Word::inconclusive; 0: cannot say
};

enum class Control : std::uint8_t { passed, widened, failed, missing, client_limited };
std::string_view to_string(Control control) noexcept;

struct MetricVerdict {
  const Metric* metric = nullptr;
  bool primary = false;
  std::optional<double> reference_median;
  Contrast control;  // the reference against itself
  Control control_state = Control::missing;
  double minimum_effect = 0;  // as applied: the plan's, or widened by the control
  std::size_t client_limited =
      0;             // slices in which the generator, not the server, was busy all the time
  double drift = 0;  // of the reference over the rounds, Spearman's rho
  std::vector<Contrast> contrasts;
};

// Decision thresholds, recorded in the manifest's plan.
struct Rule {
  double alpha = 0.05;           // for all contrasts and looks together
  double minimum_effect = 0.02;  // of a ratio
  std::size_t looks = 1;         // at the data; each gets alpha / looks
};
Rule rule_of(const Run& run);

// The slices of each round that has them all, and all of them valid, by its number. Other attempts
// are left out.
std::map<int, std::vector<const Slice*>> complete_rounds(const Run& run);

// Those of them in which this metric counts.
std::map<int, std::vector<const Slice*>> rounds_for(const Run& run, const Metric& metric);

MetricVerdict judge(const Run& run, const Metric& metric, const Rule& rule);

Word word_for(const stats::Interval& ratio, double minimum_effect, bool lower_is_better) noexcept;

// A line for each entry whose CPU time at the offered rate changed by more than 5 % from the first
// half of its windows to the second (median over the slices that count): it was still warming up.
// A warning and no cause to repeat a round: that would select by the result.
std::vector<std::string> warmup_warnings(const Run& run);

// "epoll-et has 6.1 % less CPU per request than epoll-oneshot [4.8, 7.5], 20 rounds".
std::string sentence(const MetricVerdict& verdict, const Contrast& contrast,
                     std::string_view reference);

}  // namespace duelio::results
