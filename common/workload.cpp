#include "common/workload.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "common/http/target.h"
#include "common/os/cpu.h"

namespace duelio::workload {
namespace {

constexpr std::size_t block_size = 256 * 1024;

constexpr auto pattern_block = [] {
  // One alphabet more than a block, so that a full block can start at any offset modulo 64.
  std::array<char, block_size + 64> block{};
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = pattern_alphabet[i % 64];
  return block;
};

// The decimal number that a segment is, if it is one of at most `max`.
bool read_number(std::string_view segment, std::uint64_t max, std::uint64_t& value) noexcept {
  std::uint64_t number = 0;
  for (http::DecodedReader reader(segment); !reader.at_end();) {
    const char c = reader.next();
    if (c < '0' || c > '9') return false;
    number = number * 10 + static_cast<unsigned>(c - '0');
    if (number > max) return false;  // max is far from where this could overflow
  }
  value = number;
  return !segment.empty();
}

// A chain in which each step waits for the last (3 cycles a multiplication on current x86).
std::uint64_t multiply_chain(std::uint64_t steps) noexcept {
  std::uint64_t x = 0x9e3779b97f4a7c15;
  for (std::uint64_t i = 0; i < steps; ++i) {
    x *= 0xd1342543de82ef95;
    asm volatile("" : "+r"(x));  // keeps the chain: the result is not used
  }
  return x;
}

double measure_steps_per_ns() noexcept {
  constexpr std::uint64_t steps = 200'000;
  std::int64_t fastest = std::numeric_limits<std::int64_t>::max();
  for (int trial = 0; trial < 10; ++trial) {
    const std::int64_t start = os::monotonic_ns();
    multiply_chain(steps);
    fastest = std::min(fastest, os::monotonic_ns() - start);
  }
  return static_cast<double>(steps) / static_cast<double>(std::max<std::int64_t>(fastest, 1));
}

double steps_per_ns() noexcept {
  static const double value = measure_steps_per_ns();
  return value;
}

}  // namespace

Task task_for(std::string_view path) noexcept {
  Task task;
  if (path.size() == 1) return task;
  const http::Segments segments = http::segments_of(path);
  if (segments.count != 2) return task;
  const auto& [kind, number] = segments.last;
  if (http::is_equivalent(kind, "bytes")) {
    if (read_number(number, max_bytes, task.bytes)) task.kind = Task::Kind::bytes;
  } else if (http::is_equivalent(kind, "cpu")) {
    read_number(number, max_cpu_ns, task.cpu_ns);
  }
  return task;
}

std::span<const char> pattern(std::uint64_t offset, std::uint64_t size) noexcept {
  static const auto block = pattern_block();
  return std::span<const char>(block).subspan(offset % 64,
                                              std::min<std::uint64_t>(size, block_size));
}

void burn_cpu(std::uint64_t ns) noexcept {
  multiply_chain(static_cast<std::uint64_t>(static_cast<double>(ns) * steps_per_ns()));
}

void calibrate() noexcept {
  steps_per_ns();
}

}  // namespace duelio::workload
