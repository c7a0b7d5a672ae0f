#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "results/flame.h"
#include "results/manifest.h"
#include "results/take_apart.h"

namespace duelio::results {

struct JudgedRun;

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
  std::vector<Part> by_call;       // system calls by name
  std::vector<Part> by_work;       // what was done, in whichever call
  std::vector<Part> by_both;       // "recvfrom: copying"
  std::vector<Part> by_function;   // each without what it calls; the small ones are one
  std::vector<Part> with_callees;  // of the same functions, in their order
  std::vector<Frame> frames;       // of both, for a flame graph
};

// In the primary metric, load by load; none where there is no ratio, or no samples of one of the
// two.
struct Explanations {
  std::vector<Explanation> contrasts;  // of each entry with the reference
  std::vector<Explanation> pairs;      // of all others
};
Explanations explanations_of(const JudgedRun& run);

// "epoll-et needs 4.5 % (0.26 us) less CPU per request than epoll-oneshot at 30%: epoll_ctl -0.62
// us, epoll_wait +0.30 us; the rest is not told".
std::string sentence(const Explanation& explanation);
// "9.1 % of the samples of nginx at max are not placed"; none within the threshold.
std::vector<std::string> shortcomings(const Explanation& explanation);

// "-0.62 us".
std::string format_difference(double ns);

}  // namespace duelio::results
