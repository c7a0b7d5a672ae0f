#pragma once

#include <string>
#include <vector>

#include "loadgen/run.h"

namespace duelio::loadgen {

// What a run is worth.
struct Verdict {
  // All connections opened, something completed in the window, no more than 1 % of the requests or
  // of the connects failed, and the books balance. The window of an interrupted run is shorter than
  // planned.
  bool usable = false;
  bool generator_limited = false;  // the generator, not the server, may have been the limit
  std::vector<std::string> reasons;
};

// Completions/s in the window.
double achieved_rate(const Result& result) noexcept;

// Open loop: what completed in the window against what fell due in it. Not against the rate: a
// Poisson schedule offers more or less by chance.
double completed_share(const Tally& tally) noexcept;

// Open loop: whether that was at least 99 %, or all but three, which the window's end may cut off.
bool server_kept_up(const Tally& tally) noexcept;

// Of the window, in which threads could have run but waited for a CPU; mean over the threads.
double run_delay_share(const Options& options, const Result& result) noexcept;

// Conservation: scheduled = sent + unsent, and sent = completed + request errors + in flight; the
// latency record has every one of them, but those that a signal cut short.
bool is_conserved(const Tally& tally, bool open_loop) noexcept;

// Little's law, L = lambda W: the mean number of requests in the system against rate times mean
// time.
struct LittlesLaw {
  double lambda = 0;      // completions/s within the window
  double w = 0;           // mean latency in s of what belongs to the window and was answered
  double measured_l = 0;  // mean number in flight within the window (open loop: or due and waiting)
  bool ok = true;         // they agree within 5 %, or there is too little to say
};
LittlesLaw littles_law(const Result& result) noexcept;

Verdict judge(const Options& options, const Result& result);

}  // namespace duelio::loadgen
