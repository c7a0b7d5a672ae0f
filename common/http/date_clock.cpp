#include "common/http/date_clock.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <string_view>

namespace duelio::http {
namespace {

using Words = std::array<std::uint64_t, 4>;

}  // namespace

// No gmtime_r(3) and no snprintf(3): it may be called in a signal handler.
void DateClock::set(std::time_t now) noexcept {
  using namespace std::chrono;
  constexpr std::string_view days_of_week = "SunMonTueWedThuFriSat";
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const sys_seconds instant{seconds(now)};
  const auto day = floor<days>(instant);
  const year_month_day date(day);
  const hh_mm_ss time(instant - day);

  Text text;
  text.fill(' ');
  char* p = text.data();
  const auto put = [&p](std::string_view part) { p = std::copy(part.begin(), part.end(), p); };
  const auto put_two_digits = [&p](unsigned value) {
    *p++ = static_cast<char>('0' + value / 10 % 10);
    *p++ = static_cast<char>('0' + value % 10);
  };
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  put(days_of_week.substr(3 * std::size_t{weekday(day).c_encoding()}, 3));
  put(", ");
  put_two_digits(static_cast<unsigned>(date.day()));
  put(" ");
  put(months.substr(3 * (std::size_t{static_cast<unsigned>(date.month())} - 1), 3));
  put(" ");
  put_two_digits(year / 100);
  put_two_digits(year);
  put(" ");
  put_two_digits(static_cast<unsigned>(time.hours().count()));
  put(":");
  put_two_digits(static_cast<unsigned>(time.minutes().count()));
  put(":");
  put_two_digits(static_cast<unsigned>(time.seconds().count()));
  put(" GMT");
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
