#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "results/statistics.h"
#include "results/tally.h"

namespace duelio::results {

struct Contrast;
struct JudgedRun;
struct Judgement;

// One cause of a difference in CPU time per request.
struct Part {
  std::string cause;
  double entry_ns = 0;  // per request
  double base_ns = 0;
  double difference_ns = 0;                 // of the two
  std::optional<stats::Interval> interval;  // of the difference; all of a list hold together

  bool is_told() const noexcept { return interval && !interval->contains(0); }
};

// What was timed, and what was sampled in windows of their own.
struct Timed {
  double base_ns = 0;              // CPU per request of the base
  std::vector<double> log_ratios;  // of the entry to it, by block; what is published is their mean
};
struct Sampled {  // by block; causes as `causes` has them
  std::vector<std::string> causes;
  std::vector<std::vector<double>> entry;
  std::vector<std::vector<double>> base;
};

// Takes a difference apart: CPU per request of each side times the share that each cause has of its
// samples. The parts add up to the difference that was timed. Intervals are by resampling the timed
// blocks and the sampled ones, each set for itself; none with fewer than thresholds::fewest_blocks.
// The largest first.
std::vector<Part> take_apart(const Timed& timed, const Sampled& sampled, double alpha);

// Where the difference of two entries at a load comes from.
struct Explanation {
  std::string entry;
  std::string base;
  Load load;
  double ratio = 1;          // as published
  bool is_told = false;      // that there is a difference
  double difference_ns = 0;  // CPU per request
  std::optional<stats::Interval> interval;
  std::size_t blocks = 0;  // with samples of both
  std::uint64_t samples = 0;
  std::uint64_t base_samples = 0;
  double unplaced_share = 0;  // of the samples: the table of causes does not know their functions
  double base_unplaced_share = 0;
  std::vector<Part> by_call;  // system calls by name
  std::vector<Part> by_work;  // what was done, in whichever call
  std::vector<Part> by_both;  // "recvfrom: copying"
};

// None where there is no ratio, or no samples of one of the two.
std::optional<Explanation> explain(const Tally& tally, const Judgement& judgement,
                                   const Contrast& contrast, double alpha);

// Of all contrasts of the primary metric with the reference.
std::vector<Explanation> explanations_of(const JudgedRun& run);

// "epoll-et needs 4.5 % (0.26 us) less CPU per request than epoll-oneshot at 30%: epoll_ctl -0.62
// us, epoll_wait +0.30 us; the rest is not told".
std::string sentence(const Explanation& explanation);
// "9.1 % of the samples of nginx at max are not placed"; none within the threshold.
std::vector<std::string> shortcomings(const Explanation& explanation);

// "-0.62 us".
std::string format_difference(double ns);

}  // namespace duelio::results
