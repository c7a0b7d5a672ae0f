#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <ctime>

namespace duelio::http {

// The `date` of every answer (RFC 9110 section 6.6.1), shared by all workers: somebody calls set()
// about once a second, readers compare version() with one relaxed load. A sequence lock (Boehm,
// "Can seqlocks get along with programming language memory models?", MSPC 2012), so that a reader
// never blocks and the request path needs no clock.
class DateClock {
 public:
  static constexpr std::size_t size = 29;  // "Sun, 06 Nov 1994 08:49:37 GMT"
  using Text = std::array<char, 32>;       // padded with blanks to whole words

  explicit DateClock(std::time_t now) noexcept { set(now); }

  // One writer at a time; it may be a signal handler.
  void set(std::time_t now) noexcept;

  // Changes whenever the text changes; even.
  std::uint32_t version() const noexcept {
    return version_.load(std::memory_order_relaxed) & ~std::uint32_t{1};
  }

  // Copies the text and returns its version.
  std::uint32_t read(Text& text) const noexcept;

 private:
  std::atomic<std::uint32_t> version_{0};  // odd while the text is being written
  std::array<std::atomic<std::uint64_t>, 4> words_{};
};

}  // namespace duelio::http
