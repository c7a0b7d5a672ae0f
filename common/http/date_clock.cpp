#include "common/http/date_clock.h"

#include <bit>
#include <cstdio>
#include <cstring>

namespace duelio::http {
namespace {

using Words = std::array<std::uint64_t, 4>;

}  // namespace

void DateClock::set(std::time_t now) noexcept {
  // Not strftime: its names of days follow the locale.
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 64> printed{};
  std::snprintf(printed.data(), printed.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                utc.tm_min, utc.tm_sec);
  Text text;
  text.fill(' ');
  std::memcpy(text.data(), printed.data(), size);
  const auto words = std::bit_cast<Words>(text);

  const std::uint32_t version = version_.load(std::memory_order_relaxed);
  version_.store(version + 1, std::memory_order_relaxed);
  // Release and acquire on the words instead of fences, which ThreadSanitizer does not model: a
  // reader that sees a new word sees the odd version when it looks again.
  for (std::size_t i = 0; i < words.size(); ++i) {
    words_[i].store(words[i], std::memory_order_release);
  }
  version_.store(version + 2, std::memory_order_release);
}

std::uint32_t DateClock::read(Text& text) const noexcept {
  while (true) {
    const std::uint32_t before = version_.load(std::memory_order_acquire);
    Words words{};
    // Acquire loads instead of a fence before the second look: ThreadSanitizer does not model
    // fences.
    for (std::size_t i = 0; i < words.size(); ++i) {
      words[i] = words_[i].load(std::memory_order_acquire);
    }
    const std::uint32_t after = version_.load(std::memory_order_relaxed);
    if (before == after && before % 2 == 0) {
      text = std::bit_cast<Text>(words);
      return before;
    }
  }
}

}  // namespace duelio::http
