#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "common/thresholds.h"
#include "common/units.h"
#include "results/judged_run.h"

// Everything that is said of a run, in words.
namespace duelio::results {
namespace {

double percent(double ratio) {
  return 100 * (ratio - 1);
}

std::string formatted(const char* format, double one, double two) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, one, two);
  return text.data();
}

std::string text(std::string_view view) {
  return std::string(view);
}

std::string blocks_text(std::size_t of_these, std::size_t blocks) {
  return std::to_string(of_these) + " of " + std::to_string(blocks) + " blocks";
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
  }
  return {};
}

Word word_for(const stats::Interval& ratio, double effect, double minimum_effect,
              bool lower_is_better) noexcept {
  const double up = 1 + effect;
  const Word lower = lower_is_better ? Word::faster : Word::slower;
  const Word higher = lower_is_better ? Word::slower : Word::faster;
  if (ratio.high < 1 / up) return lower;
  if (ratio.low > up) return higher;
  // An equivalence is claimed of the plan's effect only: noise may not make it easier.
  const double same = 1 + minimum_effect;
  if (ratio.low >= 1 / same && ratio.high <= same) return Word::indistinguishable;
  if (ratio.high < 1) return lower_is_better ? Word::slightly_faster : Word::slightly_slower;
  if (ratio.low > 1) return lower_is_better ? Word::slightly_slower : Word::slightly_faster;
  return Word::inconclusive;
}

std::string what_would_tell(const Contrast& contrast, double minimum_effect) {
  if (!contrast.ratio || !contrast.interval) return {};
  const double half_width = std::log(contrast.interval->high / contrast.interval->low) / 2;
  const double distance = std::abs(std::log(*contrast.ratio));
  // An interval as wide as this about the same estimate excludes 1, or lies within the effect.
  const double telling = std::max(distance, std::log1p(minimum_effect) - distance);
  if (telling <= 0) return {};
  // Intervals shrink about with the square root of the blocks.
  const double shrink = half_width / telling;
  const double blocks = std::ceil(static_cast<double>(contrast.blocks) * shrink * shrink);
  constexpr double most = 10'000;
  if (blocks > most) return "more than 10000 blocks would be needed";
  return "about " + std::to_string(static_cast<std::size_t>(blocks)) + " blocks would tell";
}

std::string sentence(const Judgement& judgement, const Contrast& contrast) {
  const Metric& metric = *judgement.metric;
  const std::string at = " at " + judgement.load.id;
  const std::string numbers =
      contrast.ratio && contrast.interval
          ? formatted(": %+.1f %%", percent(*contrast.ratio), 0) +
                formatted(" [%+.1f, %+.1f]", percent(contrast.interval->low),
                          percent(contrast.interval->high))
          : "";
  const std::string in = " in " + text(metric.title) + at;
  switch (contrast.word) {
    case Word::withheld:
      return contrast.entry + " gets no verdict against " + contrast.base + in + ": " +
             contrast.why;
    case Word::indistinguishable:
      return contrast.entry + " is indistinguishable from " + contrast.base + in + numbers;
    case Word::inconclusive:
      return contrast.entry + " cannot be told from " + contrast.base + in + numbers +
             (contrast.why.empty() ? "" : "; " + contrast.why);
    default:
      break;
  }
  // Unsigned, the nearer end first: "6.1 % less ... [4.8, 7.5]".
  std::array ends{std::abs(percent(contrast.interval->low)),
                  std::abs(percent(contrast.interval->high))};
  std::sort(ends.begin(), ends.end());
  const bool is_less = *contrast.ratio < 1;
  return contrast.entry + formatted(" has %.1f %% ", std::abs(percent(*contrast.ratio)), 0) +
         text(is_less ? metric.less : metric.more) + " than " + contrast.base + at +
         formatted(" [%.1f, %.1f]", ends[0], ends[1]);
}

std::string sentence(const Conduct& conduct, const Load& load) {
  const std::string failures = conduct.failures.empty() ? "" : " (" + conduct.failures + ")";
  const std::size_t not_held = conduct.blocks - conduct.blocks_held;
  if (not_held > 0) {
    return conduct.entry +
           (load.is_open() ? " did not hold " + format_count(*load.rate) + "/s"
                           : " did not answer all requests at " + load.id) +
           " in " + blocks_text(not_held, conduct.blocks) + failures;
  }
  if (conduct.windows_failed == 0) return {};
  return conduct.entry + " failed requests at " + load.id + " in " +
         std::to_string(conduct.windows_failed) + " of " + std::to_string(conduct.windows) +
         " windows" + failures;
}

std::string sentence(const SignChange& change, std::string_view reference) {
  return change.entry + " is slower than " + text(reference) + " at " + change.to +
         " and faster at " + change.from;
}

std::string sentence(const LeftOut& left_out) {
  return left_out.entry + " was left out" + (left_out.load ? " at " + *left_out.load : "") + ": " +
         left_out.why;
}

std::string sentence(const VoidWindows& void_windows) {
  return void_windows.entry + (void_windows.role == Role::control ? " (control)" : "") + ": " +
         std::to_string(void_windows.windows) + " of " + std::to_string(void_windows.of) +
         " windows void, " + void_windows.cause;
}

}  // namespace duelio::results
