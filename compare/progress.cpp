#include "compare/progress.h"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

#include "common/cli.h"
#include "common/units.h"

namespace duelio::compare {

Progress::Progress(std::size_t rounds, double estimate_s)
    : rounds_(rounds), estimate_s_(estimate_s), rich_(cli::is_rich_terminal(STDERR_FILENO)) {}

void Progress::slice(int round, const std::string& entry, double elapsed_s, double done) const {
  if (!rich_) return;
  std::fprintf(stderr, "\r\x1b[Kround %d of %zu  %-16s %3.0f %%  %s left", round, rounds_,
               entry.c_str(), 100 * done, format_duration(left(elapsed_s, done)).c_str());
  std::fflush(stderr);
}

void Progress::round_done(int round, bool valid, double elapsed_s, double done) const {
  if (rich_) return;
  std::fprintf(stderr, "round %d of %zu %s, %s left\n", round, rounds_,
               valid ? "done" : "invalid, will be repeated",
               format_duration(left(elapsed_s, done)).c_str());
}

void Progress::clear() const {
  if (rich_) std::fprintf(stderr, "\r\x1b[K");
}

double Progress::left(double elapsed_s, double done) const {
  const double total = done > 0.1 ? elapsed_s / done : estimate_s_;
  return std::max(total - elapsed_s, 0.0);
}

}  // namespace duelio::compare
