#include "compare/rounds.h"

#include "results/verdict.h"

namespace duelio::compare {

Start start_after(const results::Run& run) {
  if (run.slices.empty()) return {};
  const auto complete = results::complete_rounds(run);
  const results::Slice& last = run.slices.back();
  if (complete.contains(last.round)) return {.round = last.round + 1, .complete = complete.size()};
  return {.round = last.round, .attempt = last.attempt + 1, .complete = complete.size()};
}

std::optional<int> run_rounds(std::span<const std::size_t> looks, Start start, const Steps& steps) {
  auto [round, attempt, complete] = start;
  int tries = 0;
  for (const std::size_t look : looks) {
    // A look at fewer rounds than are on file was taken; with more data it would be another one.
    if (look < start.complete) continue;
    while (complete < look) {
      if (steps.run(round, attempt)) {
        ++complete;
        ++round;
        attempt = 1;
        tries = 0;
        continue;
      }
      ++attempt;
      if (++tries == max_tries) return round;
      steps.pause(tries);
    }
    if (look != looks.back() && steps.is_decided()) break;
  }
  return std::nullopt;
}

}  // namespace duelio::compare
