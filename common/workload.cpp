#include "common/workload.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <limits>

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

bool parse_number(std::string_view text, std::uint64_t max, std::uint64_t& value) noexcept {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && rest == end && value <= max;
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
  constexpr std::string_view bytes_prefix = "/bytes/";
  constexpr std::string_view cpu_prefix = "/cpu/";
  if (path.starts_with(bytes_prefix)) {
    std::uint64_t bytes = 0;
    if (parse_number(path.substr(bytes_prefix.size()), max_bytes, bytes)) {
      task.kind = Task::Kind::bytes;
      task.bytes = bytes;
    }
  } else if (path.starts_with(cpu_prefix)) {
    std::uint64_t ns = 0;
    if (parse_number(path.substr(cpu_prefix.size()), max_cpu_ns, ns)) task.cpu_ns = ns;
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
