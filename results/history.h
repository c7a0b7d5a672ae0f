#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "results/judged_run.h"

// Runs of many revisions: how an entry's primary ratio to the reference went, and at which revision
// it changed. Runs are in the order of their starts.
namespace duelio::results {

struct Point {
  std::size_t run = 0;  // of the runs
  double ratio = 1;
  stats::Interval interval;
};

struct Step {
  std::size_t point = 0;  // the first of the new level
  double ratio = 1;       // of the new level to the old one
  stats::Interval interval;
};

struct Series {
  std::string entry;
  Load load;
  std::vector<Point> points;  // of runs that have an interval
  std::vector<Step> steps;
};

// All of the newest run's candidates and loads. Over all of them together a step is claimed where
// there is none in 5 % of histories at most (thresholds::alpha).
std::vector<Series> history_of(std::span<const JudgedRun> runs);

// Of several runs, of more than one revision.
bool is_history(std::span<const JudgedRun> runs);

// "asio has 2.1 % more CPU per request [1.5, 2.7] at 50% since 3f2a1bc (2026-01-09; 8th of 12
// runs)".
std::vector<std::string> step_sentences(std::span<const JudgedRun> runs,
                                        const std::vector<Series>& history);

void print_history(std::ostream& out, std::span<const JudgedRun> runs);

}  // namespace duelio::results
