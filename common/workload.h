#pragma once

#include <cstdint>
#include <span>
#include <string_view>

// The workload vocabulary: what a target makes the server answer. The same for every backend.
//   /bytes/N   N bytes of the pattern, N up to 64 MiB
//   /cpu/NS    `Hello` after NS nanoseconds of CPU work, NS up to one second
//   any other  `Hello`
// A number out of range or malformed makes the target an "other" one. Paths are compared as RFC
// 3986 section 6.2.2 normalises them: percent-encoded unreserved characters are decoded, "." and
// ".." segments removed. So /%62ytes/5 and /x/../bytes/5 are /bytes/5; /bytes%2F5 and //bytes/5 are
// not.
namespace duelio::workload {

inline constexpr std::uint64_t max_bytes = 64ULL << 20U;
inline constexpr std::uint64_t max_cpu_ns = 1'000'000'000;

struct Task {
  enum class Kind : std::uint8_t { hello, bytes };
  Kind kind = Kind::hello;
  std::uint64_t bytes = 0;   // of body, for Kind::bytes
  std::uint64_t cpu_ns = 0;  // to burn before the answer
};

// The path as it was sent, without a query; it begins with '/', or is "*".
Task task_for(std::string_view path) noexcept;

// Byte i of a /bytes/N body is pattern_alphabet[i % 64], so that a client can check any piece of
// it.
inline constexpr std::string_view pattern_alphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

// At most `size` bytes of the pattern from position `offset` on; at least one when size > 0. The
// bytes live as long as the program.
std::span<const char> pattern(std::uint64_t offset, std::uint64_t size) noexcept;

// Spends this much CPU time in a chain of dependent multiplications. Counts steps calibrated once
// per process (the fastest of several trials, so that an interrupted trial does not count), not the
// clock: a clock call costs as much as the shortest task.
void burn_cpu(std::uint64_t ns) noexcept;

// Does the calibration now (about 2 ms) rather than in the first burn_cpu().
void calibrate() noexcept;

}  // namespace duelio::workload
