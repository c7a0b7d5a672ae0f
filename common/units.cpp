#include "common/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <span>
#include <stdexcept>

namespace duelio {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array duration_units{Unit{"ns", 1},  Unit{"us", 1e3}, Unit{"ms", 1e6},
                                    Unit{"s", 1e9}, Unit{"m", 60e9}, Unit{"h", 3600e9}};
constexpr std::array count_units{Unit{"", 1}, Unit{"k", 1e3}, Unit{"M", 1e6}, Unit{"G", 1e9}};
constexpr std::array byte_units{Unit{"", 1},          Unit{"B", 1},        Unit{"kB", 1e3},
                                Unit{"MB", 1e6},      Unit{"GB", 1e9},     Unit{"KiB", 1024},
                                Unit{"MiB", 1 << 20}, Unit{"GiB", 1 << 30}};

std::invalid_argument bad(const std::string& what) {
  return std::invalid_argument(what);
}

// A number without a sign and without exponent, then one of the units.
double parse_quantity(std::string_view text, std::span<const Unit> units, std::string_view use) {
  if (text.empty()) throw bad("is empty");
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  const bool starts_with_digit = text[0] >= '0' && text[0] <= '9';
  if (!starts_with_digit || error != std::errc{}) throw bad("is not a number");
  const std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
  const auto* unit = std::find_if(units.data(), units.data() + units.size(),
                                  [&](const Unit& u) { return u.name == suffix; });
  if (unit == units.data() + units.size()) {
    if (suffix.empty() && number == 0) return 0;
    throw bad(suffix.empty() ? "needs a unit (use " + std::string(use) + ")"
                             : "has unknown unit '" + std::string(suffix) + "' (use " +
                                   std::string(use) + ")");
  }
  return number * unit->factor;
}

std::uint64_t whole(double value) {
  if (value != std::floor(value)) throw bad("is not a whole number");
  if (value > 9e15)
    throw bad("is too large");  // beyond 2^53 a double no longer holds every integer
  return static_cast<std::uint64_t>(value);
}

std::string three_digits(double value, std::string_view unit) {
  const double magnitude = std::abs(value);
  const int decimals = magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f%s%.*s", decimals, value, unit.empty() ? "" : " ",
                static_cast<int>(unit.size()), unit.data());
  return text.data();
}

// `units` ascend; the last one whose factor does not exceed the value is used.
std::string format_with(double value, std::span<const Unit> units) {
  const Unit* chosen = units.data();
  for (const Unit& unit : units) {
    if (std::abs(value) >= unit.factor * 0.9995) chosen = &unit;
  }
  return three_digits(value / chosen->factor, chosen->name);
}

}  // namespace

std::chrono::nanoseconds parse_duration(std::string_view text) {
  const double ns = parse_quantity(text, duration_units, "ns, us, ms, s, m or h");
  if (ns > 9e18) throw bad("is too long");
  return std::chrono::nanoseconds(std::llround(ns));
}

std::uint64_t parse_count(std::string_view text) {
  return whole(parse_quantity(text, count_units, "k, M, G or none"));
}

double parse_rate(std::string_view text) {
  return parse_quantity(text, count_units, "k, M, G or none");
}

std::uint64_t parse_bytes(std::string_view text) {
  return whole(parse_quantity(text, byte_units, "B, KiB, MiB, GiB, kB, MB, GB or none"));
}

double parse_fraction(std::string_view text) {
  constexpr std::array units{Unit{"", 1}, Unit{"%", 0.01}};
  const double value = parse_quantity(text, units, "% or none");
  if (value > 1) {
    const bool lacks_sign = !text.ends_with('%') && value <= 100;
    throw bad("is above 100%" + (lacks_sign ? " (is " + std::string(text) + "% meant?)" : ""));
  }
  return value;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t comma = text.find(',');
    words.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return words;
    text.remove_prefix(comma + 1);
  }
}

std::vector<int> parse_cpu_list(std::string_view text) {
  const auto number = [](std::string_view digits) {
    int value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc{} || rest != end || value < 0) {
      throw bad("is not a CPU list such as 0,2-3");
    }
    if (value >= 4096) throw bad("names CPU " + std::to_string(value) + ", beyond 4095");
    return value;
  };
  std::vector<int> cpus;
  for (const std::string& word : split_list(text)) {
    const std::string_view item = word;
    const std::size_t dash = item.find('-');
    const int first = number(item.substr(0, dash));
    const int last = dash == std::string_view::npos ? first : number(item.substr(dash + 1));
    if (last < first) throw bad("has a range that runs backwards");
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  }
  std::sort(cpus.begin(), cpus.end());
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  return cpus;
}

std::string format_duration(double seconds) {
  if (seconds == 0) return "0 s";
  constexpr std::array units{Unit{"ns", 1e-9}, Unit{"us", 1e-6}, Unit{"ms", 1e-3}, Unit{"s", 1}};
  return format_with(seconds, units);
}

std::string format_count(double count) {
  if (std::abs(count) < 1000 && count == std::floor(count)) {
    return std::to_string(static_cast<long long>(count));
  }
  return format_with(count, count_units);
}

std::string format_bytes(double bytes) {
  constexpr std::array units{Unit{"B", 1}, Unit{"KiB", 1024}, Unit{"MiB", 1 << 20},
                             Unit{"GiB", 1 << 30}};
  if (std::abs(bytes) < 1024) return std::to_string(static_cast<long long>(bytes)) + " B";
  return format_with(bytes, units);
}

std::string format_percent(double ratio) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %%", 100 * ratio);
  return text.data();
}

}  // namespace duelio
