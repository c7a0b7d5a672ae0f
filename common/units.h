#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Quantities as people write them. Every parse_* throws std::invalid_argument whose what() says
// what is wrong with the text ("unknown unit 'x' (use ns, us, ms, s, m or h)"); the caller adds the
// flag's name.
namespace duelio {

// "250us", "1.5s", "2m"; a unit is required (0 needs none). Never negative.
std::chrono::nanoseconds parse_duration(std::string_view text);

// "64", "20k", "1.5M": decimal multiples k, M, G. The result must be whole.
std::uint64_t parse_count(std::string_view text);

// As parse_count, but fractions are kept: "0.5", "20k".
double parse_rate(std::string_view text);

// "512", "64KiB", "1MiB", "1GiB" (powers of 1024), "64kB", "1MB", "1GB" (powers of 1000).
std::uint64_t parse_bytes(std::string_view text);

// "5%" or "0.05": a ratio in [0, 1].
double parse_fraction(std::string_view text);

// The words between the commas; an empty text is one empty word.
std::vector<std::string> split_list(std::string_view text);

// "0", "0,2", "0-3,6": CPU numbers in ascending order, each once.
std::vector<int> parse_cpu_list(std::string_view text);

// Three significant digits and the unit that keeps the number between 1 and 1000: "1.23 ms", "45.6
// k", "1.50 MiB". Zero is "0 s", "0", "0 B".
std::string format_duration(double seconds);
std::string format_count(double count);
std::string format_bytes(double bytes);

// "12.3 %" of 0.123.
std::string format_percent(double ratio);

}  // namespace duelio
