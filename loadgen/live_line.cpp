#include "loadgen/live_line.h"

#include <cmath>
#include <iostream>

#include <unistd.h>

#include "common/cli.h"
#include "common/units.h"

namespace duelio::loadgen {
namespace {

constexpr std::string_view erase_line = "\r\033[K";  // ECMA-48, EL

}  // namespace

std::string live_text(const Progress& progress) {
  const std::string p99 =
      progress.p99_ns == 0 ? "-" : format_duration(static_cast<double>(progress.p99_ns) * 1e-9);
  const std::string left =
      progress.left_requests > 0
          ? format_count(static_cast<double>(progress.left_requests)) + " requests"
          : std::to_string(std::lround(std::ceil(progress.left_s))) + " s";
  return format_count(progress.rate) + "/s  p99 " + p99 + "  " + std::to_string(progress.errors) +
         " errors  " + left + " left";
}

LiveLine::LiveLine() : wanted_(cli::is_rich_terminal(STDERR_FILENO)) {}

LiveLine::~LiveLine() {
  if (wanted_) std::cerr << erase_line << std::flush;
}

OnProgress LiveLine::progress() const {
  if (!wanted_) return {};
  return [](const Progress& progress) {
    std::cerr << erase_line << live_text(progress) << std::flush;
  };
}

}  // namespace duelio::loadgen
