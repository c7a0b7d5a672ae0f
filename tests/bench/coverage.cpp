// How often all intervals of a run hold a truth that is known: one line of figures, beside those of
// Student's t, which takes blocks for strangers. scripts/studies/coverage asks for the presets.
//
//   coverage blocks=12 candidates=2 loads=3 turns=25 runs=2000 ...   noise of a known form
//   coverage replay=RUN.jsonl blocks=12 stretch=4 runs=2000          noise of a record; each run
//   takes as many of its candidates and loads as are asked for
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "common/thresholds.h"
#include "results/statistics.h"
#include "tests/bench/coverage_source.h"

namespace duelio::results {
namespace {

using stats::Interval;

struct Score {
  std::size_t covered = 0;  // runs of which every interval holds its truth
  std::vector<double> half_widths;
  bool all_hold = true;  // in this run

  void add(const Interval& interval, double truth) {
    all_hold &= interval.contains(truth);
    half_widths.push_back((interval.high - interval.low) / 2);
  }
  void end_run() {
    covered += all_hold ? 1 : 0;
    all_hold = true;
  }
  void print(const char* name, std::size_t runs) const {
    std::printf("%s %.4f %.4f ", name, static_cast<double>(covered) / static_cast<double>(runs),
                stats::median(half_widths));
  }
};

// For blocks that are strangers to each other and follow a normal law.
Interval students(const std::vector<double>& values, double alpha) {
  const auto n = static_cast<double>(values.size());
  const double centre = stats::mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - centre) * (value - centre);
  const double reach =
      -stats::student_quantile(alpha / 2, n - 1) * std::sqrt(squares / (n - 1) / n);
  return {centre - reach, centre + reach};
}

int main_of(int argc, char** argv) {
  Arguments arguments(argc, argv);
  const std::size_t blocks = arguments.count("blocks", 12);
  const std::size_t runs = arguments.count("runs", 2000);
  const std::string record = arguments.text("replay", "");
  std::unique_ptr<Source> source;
  if (record.empty()) {
    source = std::make_unique<Model>(arguments);
  } else {
    source = std::make_unique<Replay>(record, arguments);
  }
  arguments.expect_no_more();
  const std::size_t contrasts = source->candidates() * source->loads();
  const double alpha = thresholds::alpha / static_cast<double>(contrasts);
  Score ours;
  Score student;
  std::vector<double> variances;
  std::vector<double> correlations;
  for (std::size_t run = 0; run < runs; ++run) {
    std::vector<std::vector<double>> samples(contrasts);
    source->begin_run();
    for (std::size_t block = 0; block < blocks; ++block) {
      source->begin_block();
      for (std::size_t load = 0; load < source->loads(); ++load) {
        for (std::size_t i = 0; i < source->candidates(); ++i) {
          const auto estimate = source->estimate(i, load);
          if (estimate) samples[i * source->loads() + load].push_back(*estimate);
        }
      }
    }
    for (std::size_t i = 0; i < contrasts; ++i) {
      const double truth = source->truth(i / source->loads(), i % source->loads());
      const auto interval = stats::mean_interval(samples[i], thresholds::nominal(alpha));
      if (!interval) continue;
      ours.add(*interval, truth);
      student.add(students(samples[i], alpha), truth);
      correlations.push_back(stats::lag_correlation(samples[i]));
      for (double& value : samples[i]) value = (value - truth) * (value - truth);
      variances.push_back(stats::mean(samples[i]));
    }
    ours.end_run();
    student.end_run();
  }
  ours.print("ours", runs);
  student.print("student", runs);
  std::printf("block-sd %.4f correlation %.2f\n", std::sqrt(stats::mean(variances)),
              stats::mean(correlations));
  return 0;
}

}  // namespace
}  // namespace duelio::results

int main(int argc, char** argv) {
  try {
    return duelio::results::main_of(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "coverage: %s\n", error.what());
    return 2;
  }
}
