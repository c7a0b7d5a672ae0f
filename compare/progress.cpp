#include "compare/progress.h"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

#include "common/cli.h"
#include "common/units.h"

namespace duelio::compare {

Progress::Progress(std::size_t blocks, double estimate_s)
    : blocks_(blocks), estimate_s_(estimate_s), rich_(cli::is_rich_terminal(STDERR_FILENO)) {}

void Progress::say(const std::string& what) const {
  std::fprintf(stderr, rich_ ? "\r\x1b[K%s" : "%s\n", what.c_str());
  std::fflush(stderr);
}

void Progress::window(std::size_t block, double elapsed_s, double within) {
  constexpr double period_s = 0.5;  // between two windows this costs little, but it is not nothing
  if (!rich_ || elapsed_s - shown_s_ < period_s) return;
  shown_s_ = elapsed_s;
  const double done = (static_cast<double>(block - 1) + within) / static_cast<double>(blocks_);
  std::fprintf(stderr, "\r\x1b[Kblock %zu of %zu  %3.0f %%  %s left", block, blocks_, 100 * done,
               left(elapsed_s, done).c_str());
  std::fflush(stderr);
}

void Progress::block_done(std::size_t block, double elapsed_s) const {
  if (rich_) return;
  const double done = static_cast<double>(block) / static_cast<double>(blocks_);
  std::fprintf(stderr, "block %zu of %zu done, %s left\n", block, blocks_,
               left(elapsed_s, done).c_str());
}

void Progress::clear() const {
  if (rich_) std::fprintf(stderr, "\r\x1b[K");
}

std::string Progress::left(double elapsed_s, double done) const {
  const double total = done > 0.1 ? elapsed_s / done : estimate_s_;
  return format_duration(std::max(total - elapsed_s, 0.0));
}

}  // namespace duelio::compare
