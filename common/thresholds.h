#pragma once

#include <cstddef>

// Every threshold that a verdict, a cause or a warning hangs on, by the name that METHODOLOGY.md
// quotes. They were fixed before the runs that they judge, but nominal(); METHODOLOGY.md says what
// each decides.
namespace duelio::thresholds {

// Words.
inline constexpr double minimum_effect =
    0.02;                              // default of --minimum-effect: smaller ones do not matter
inline constexpr double alpha = 0.05;  // of a metric: all its contrasts at all loads together

// What Student's law is asked for, of an alpha that is promised. Blocks of real machines have
// longer tails than the law, and stretches that resemble each other: with 0.4, intervals of runs
// replayed from records hold as often as promised.
constexpr double nominal(double promised_alpha) noexcept {
  return 0.4 * promised_alpha;
}

inline constexpr double widest_effect = 0.25;  // a control that reaches further withholds the words
inline constexpr double warmup_change =
    0.05;  // CPU per request, later turns of a block against its first ones

// The sample.
inline constexpr double counted_turns =
    0.5;  // of a block's turns: fewer that count, and the block has no estimate
inline constexpr std::size_t fewest_blocks =
    5;  // with an estimate: fewer, and there is no interval

// Gates: rates of one load's name in two runs that are still the same load.
inline constexpr double like_rates = 1.5;

// An entry's result at a load.
inline constexpr double achieved_share =
    0.99;  // of the offered rate: less in a block, and it did not hold
inline constexpr double held_blocks =
    0.75;  // of the blocks: fewer, and there is no ratio at this load

// An entry is left out.
inline constexpr std::size_t again_and_again = 10;  // windows that fail alike, one after another
inline constexpr double reachable_share =
    0.9;  // of an offered rate: one that reaches less in the closed loop cannot hold it

// A window is void, with the turn's contrasts of its lane.
inline constexpr double generator_busy = 0.98;  // open loop: share of its busiest thread
inline constexpr double generator_delay =
    0.05;  // open loop: share of the window it waited for a CPU
inline constexpr double generator_apart =
    0.05;  // open loop: share of the window by which its threads' edges lay apart
inline constexpr double generator_lag = 0.5;  // open loop: median dispatch lag over median latency
inline constexpr double server_delay = 0.15;  // open loop: share of the window it waited for a CPU

// The closed loop's limit is the side that is never idle.
inline constexpr double limit_share = 0.95;
inline constexpr double limited_windows =
    0.10;  // of a contrast's windows: more, and its rate has no word

// Queues of threads with a listener each.
inline constexpr double uneven_queues =
    1.25;  // connections of the fullest thread over the threads' mean, median of a run's lanes
inline constexpr double largest_noise =
    0.5;  // of the variance between blocks: what goes with more of it outweighs all the rest

// Causes of a difference.
inline constexpr double unplaced_share =
    0.05;  // of an entry's samples: more that the table does not know, and it is said

// Loads.
inline constexpr double busiest_generator =
    0.75;  // a load that asks more of the generator is lowered; the machine has slower minutes

}  // namespace duelio::thresholds
