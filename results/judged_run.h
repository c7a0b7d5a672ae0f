#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/explain.h"
#include "results/metrics.h"
#include "results/record.h"
#include "results/statistics.h"

// A run with everything that is derived from it, computed once and handed to table, gate, report
// and exports.
namespace duelio::results {

// How an interval of the ratio lies to the effect that matters. METHODOLOGY.md, "Words".
enum class Word : std::uint8_t {
  faster,  // wholly beyond the effect that matters, on the better side
  slower,
  slightly_faster,  // excludes "no difference", but not the effect that matters
  slightly_slower,
  indistinguishable,  // wholly within the plan's minimum effect, whatever the noise
  inconclusive,       // too wide to say: `why` has what would tell
  withheld,           // nothing can be said, and `why` not
};
std::string_view to_string(Word word) noexcept;

// The ratio of two entries in one metric at one load.
struct Contrast {
  std::string entry;
  std::string base;
  std::size_t blocks = 0;                   // that have an estimate
  std::vector<double> log_ratios;           // one for each of these blocks: the sample
  std::optional<double> ratio;              // entry / base
  std::optional<stats::Interval> interval;  // of the ratio, simultaneous over the metric's family
  Word word = Word::inconclusive;
  std::string why;  // of inconclusive and withheld: "about 40 blocks would tell"; else empty
};

enum class Control : std::uint8_t { passed, widened, failed, missing };
std::string_view to_string(Control control) noexcept;

// What an entry showed of its own in one metric at one load.
struct Level {
  std::string entry;
  double value = 0;  // median over blocks, in the metric's unit
  double low = 0;    // the middle half of the blocks
  double high = 0;
};

// All contrasts of a metric hold together at the plan's confidence, over candidates and loads; the
// pairs do so among themselves, and the controls of all loads among themselves (Bonferroni).
struct Judgement {
  const Metric* metric = nullptr;
  Load load;
  std::vector<Level> levels;  // by entry, in the manifest's order; the control is not among them
  Contrast control;           // the reference against itself
  Control control_state = Control::missing;
  double effect = 0;  // what a difference has to exceed: the plan's minimum, or the control's reach
  std::vector<Contrast> contrasts;  // of each candidate to the reference, in the manifest's order
  std::vector<Contrast> pairs;      // of all pairs; a family of their own

  const Contrast* contrast(std::string_view entry) const noexcept;
  const Level* level(std::string_view entry) const noexcept;
};

// What an entry did at one load that is no ratio: results about itself.
struct Conduct {
  std::string entry;
  std::string load;
  std::size_t blocks = 0;          // in which it has windows that count
  std::size_t blocks_held = 0;     // of these: it answered what was asked, at the offered rate
  std::size_t windows_failed = 0;  // with wrong or missing responses
  std::string failures;            // "reset, timeout"; of these windows
  std::size_t windows = 0;
  std::size_t windows_void = 0;  // for what the machine or the generator did
  double generator_share = 0;    // median over the windows
  double server_share = 0;
  bool client_limited = false;  // closed loop: the generator, not the server, was never idle
};

// Windows that do not count, of a lane, for one cause outside the entry.
struct VoidWindows {
  std::string entry;
  Role role = Role::candidate;
  std::string cause;
  std::size_t windows = 0;
  std::size_t of = 0;  // windows of that lane
};

// The sign of a candidate's primary ratio changes between two loads, both with a word.
struct SignChange {
  std::string entry;
  std::string from;  // load: faster there
  std::string to;    // load: slower there
};

struct JudgedRun {
  explicit JudgedRun(Run run);

  Run run;
  std::vector<Judgement>
      judgements;  // metric by metric, load by load; what was not measured is left out
  std::vector<Conduct> conduct;           // by entry and load
  std::vector<VoidWindows> void_windows;  // by lane and cause
  std::vector<SignChange> sign_changes;
  Explanations explanations;  // where sampled
  std::vector<std::string>
      warnings;  // sentences: warm-up, blocks that resemble their neighbours, not a release build

  const Judgement* judgement(std::string_view metric, std::string_view load) const noexcept;
  std::vector<const Judgement*> judgements_of(std::string_view metric) const;  // ascending loads
  const Conduct* conduct_of(std::string_view entry, std::string_view load) const noexcept;
  // "backend"; "peer" for a foreign server, "floor" for one that does no more than it must.
  std::string_view kind(std::string_view entry) const;
  std::string label(std::string_view entry) const;  // "epoll-et", "nginx (peer)"
};

// Pre: the effect is at least minimum_effect. Widening the effect makes faster and slower harder
// and nothing easier.
Word word_for(const stats::Interval& ratio, double effect, double minimum_effect,
              bool lower_is_better) noexcept;

// "about 40 blocks would tell": how many would probably exclude 1 or prove equivalence.
std::string what_would_tell(const Contrast& contrast, double minimum_effect);

// The lines that compare writes behind the last block: every contrast to the reference.
std::vector<Verdict> verdicts(const JudgedRun& judged);

// "epoll-et has 6.1 % less CPU per request than epoll-oneshot at 10% [4.8, 7.5]".
std::string sentence(const Judgement& judgement, const Contrast& contrast);
// "asio did not hold 45.0 k/s in 7 of 12 blocks"; empty when there is nothing to say.
std::string sentence(const Conduct& conduct, const Load& load);
// "asio is slower than epoll-oneshot at 10% and faster at max".
std::string sentence(const SignChange& change, std::string_view reference);
// "asio was left out: could not open its connections: 1020 of 1200, EMFILE".
std::string sentence(const LeftOut& left_out);
// "asio: 12 of 300 windows void, the generator was late"; "epoll-oneshot (control): ...".
std::string sentence(const VoidWindows& void_windows);

}  // namespace duelio::results
