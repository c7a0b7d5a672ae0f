#include "results/history.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ostream>

#include "common/thresholds.h"
#include "results/change_points.h"

namespace duelio::results {
namespace {

constexpr std::size_t fewest_points = 4;  // two on each side of a step

std::vector<Point> points_of(std::span<const JudgedRun> runs, const std::string& entry,
                             const std::string& load, std::vector<stats::Measured>& logs) {
  std::vector<Point> points;
  for (std::size_t run = 0; run < runs.size(); ++run) {
    const Judgement* const judgement = runs[run].judgement(metrics().front().id, load);
    const Contrast* const contrast = judgement == nullptr ? nullptr : judgement->contrast(entry);
    if (contrast == nullptr || !contrast->interval || contrast->word == Word::withheld) continue;
    points.push_back({.run = run, .ratio = *contrast->ratio, .interval = *contrast->interval});
    logs.push_back({.value = std::log(*contrast->ratio),
                    .error = stats::standard_error(contrast->log_ratios)});
  }
  return points;
}

void add_steps(Series& series, std::span<const stats::Measured> logs, double alpha) {
  if (logs.size() < fewest_points) return;
  const stats::Levels levels = stats::levels_of(logs, alpha);
  const double reach_in_errors =
      -stats::student_quantile(alpha / 2, static_cast<double>(logs.size() - 2));
  for (std::size_t i = 0; i < levels.changes.size(); ++i) {
    const std::size_t at = levels.changes[i];
    const std::size_t begin = i == 0 ? 0 : levels.changes[i - 1];
    const std::size_t end = i + 1 < levels.changes.size() ? levels.changes[i + 1] : logs.size();
    const stats::Measured before = stats::level(logs.subspan(begin, at - begin), levels.between);
    const stats::Measured after = stats::level(logs.subspan(at, end - at), levels.between);
    const double change = after.value - before.value;
    const double reach = reach_in_errors * std::hypot(before.error, after.error);
    series.steps.push_back({.point = at,
                            .ratio = std::exp(change),
                            .interval = {std::exp(change - reach), std::exp(change + reach)}});
  }
}

std::string ordinal(std::size_t number) {
  const std::size_t last = number % 10;
  const bool is_teen = number % 100 / 10 == 1;
  return std::to_string(number) + (is_teen || last > 3 || last == 0 ? "th"
                                   : last == 1                      ? "st"
                                   : last == 2                      ? "nd"
                                                                    : "rd");
}

std::string revision(const JudgedRun& run) {
  return run.run.manifest.build.revision;
}

std::string date(const JudgedRun& run) {
  return run.run.manifest.started.substr(0, 10);
}

std::string step_sentence(std::span<const JudgedRun> runs, const Series& series, const Step& step) {
  const Metric& metric = metrics().front();
  const auto share = [](double ratio) { return 100 * std::abs(ratio - 1); };
  std::array ends{share(step.interval.low), share(step.interval.high)};
  std::sort(ends.begin(), ends.end());
  std::array<char, 64> numbers{};
  const bool is_less = step.ratio < 1;
  std::snprintf(numbers.data(), numbers.size(), " [%.1f, %.1f]", ends[0], ends[1]);
  std::array<char, 32> size{};
  std::snprintf(size.data(), size.size(), " has %.1f %% ", share(step.ratio));
  const JudgedRun& first = runs[series.points[step.point].run];
  return series.entry + size.data() + std::string(is_less ? metric.less : metric.more) +
         numbers.data() + " at " + series.load.id + " since " + revision(first) + " (" +
         date(first) + "; " + ordinal(series.points[step.point].run + 1) + " of " +
         std::to_string(runs.size()) + " runs)";
}

}  // namespace

std::vector<Series> history_of(std::span<const JudgedRun> runs) {
  std::vector<Series> history;
  if (runs.empty()) return history;
  const Manifest& newest = runs.back().run.manifest;
  const auto all = static_cast<double>(std::max<std::size_t>(newest.entries.size() - 1, 1) *
                                       newest.plan.loads.size());
  for (const EntrySpec& entry : newest.entries) {
    if (entry.name == newest.reference) continue;
    for (const Load& load : newest.plan.loads) {
      Series series{.entry = entry.name, .load = load};
      std::vector<stats::Measured> logs;
      series.points = points_of(runs, entry.name, load.id, logs);
      add_steps(series, logs, thresholds::nominal(thresholds::alpha) / all);
      history.push_back(std::move(series));
    }
  }
  return history;
}

bool is_history(std::span<const JudgedRun> runs) {
  return std::any_of(runs.begin(), runs.end(),
                     [&](const JudgedRun& run) { return revision(run) != revision(runs.front()); });
}

std::vector<std::string> step_sentences(std::span<const JudgedRun> runs,
                                        const std::vector<Series>& history) {
  std::vector<std::string> sentences;
  for (const Series& series : history) {
    for (const Step& step : series.steps) sentences.push_back(step_sentence(runs, series, step));
  }
  return sentences;
}

void print_history(std::ostream& out, std::span<const JudgedRun> runs) {
  const std::vector<Series> history = history_of(runs);
  out << metrics().front().title << " against " << runs.back().run.manifest.reference << ", "
      << runs.size() << " runs, " << revision(runs.front()) << " (" << date(runs.front()) << ") to "
      << revision(runs.back()) << " (" << date(runs.back()) << ")\n";
  for (const std::string& sentence : step_sentences(runs, history)) out << sentence << '\n';
  for (const Series& series : history) {
    if (!series.steps.empty()) continue;
    out << series.entry << " at " << series.load.id;
    if (series.points.size() < fewest_points) {
      out << ": too few runs that have a ratio (" << series.points.size() << " of " << fewest_points
          << ")\n";
    } else {
      out << ": no step in " << series.points.size() << " runs\n";
    }
  }
}

}  // namespace duelio::results
