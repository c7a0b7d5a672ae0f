#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include <immintrin.h>

// Finding where a run of permitted characters ends: the only inner loop of the request parser. Two
// paths with one meaning: a table that runs anywhere, and AVX2 (32 bytes a step), chosen at run
// time. Tests run both on the same inputs.
namespace duelio::http::scan {

// tchar, RFC 9110 section 5.6.2.
constexpr bool is_token(unsigned char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  for (const char other :
       {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
    if (c == static_cast<unsigned char>(other)) return true;
  }
  return false;
}

// VCHAR (RFC 5234 appendix B.1) but '#', which no request target has: wider than a URI's
// characters, and with no blank or control character.
constexpr bool is_target(unsigned char c) {
  return c > 0x20 && c < 0x7f && c != '#';
}

// field-value bytes, RFC 9110 section 5.5: HTAB, SP, VCHAR, obs-text; CR, LF, NUL and the other
// control characters are not among them.
constexpr bool is_value(unsigned char c) {
  return c == '\t' || (c >= 0x20 && c != 0x7f);
}

template <bool (*Permitted)(unsigned char)>
inline constexpr auto table = [] {
  std::array<bool, 256> permitted{};
  for (unsigned c = 0; c < 256; ++c) permitted[c] = Permitted(static_cast<unsigned char>(c));
  return permitted;
}();

// Every path has the same three functions: the first byte in [p, end) that is not permitted, or
// end. `begin` <= p is the start of the readable buffer.
struct Portable {
  static const char* token_end(const char* p, const char* end, const char* /*begin*/) noexcept {
    return skip<is_token>(p, end);
  }
  static const char* target_end(const char* p, const char* end, const char* /*begin*/) noexcept {
    return skip<is_target>(p, end);
  }
  static const char* value_end(const char* p, const char* end, const char* /*begin*/) noexcept {
    return skip<is_value>(p, end);
  }

 private:
  template <bool (*Permitted)(unsigned char)>
  static const char* skip(const char* p, const char* end) noexcept {
    while (p != end && table<Permitted>[static_cast<unsigned char>(*p)]) ++p;
    return p;
  }
};

// The rows of is_token by low nibble: bit h says whether the byte 0xhl is permitted. vpshufb looks
// both nibbles up at once and yields 0 for bytes with the top bit set, which are never token
// characters.
inline constexpr auto token_rows = [] {
  std::array<std::uint8_t, 16> rows{};
  for (unsigned c = 0; c < 128; ++c) {
    if (is_token(static_cast<unsigned char>(c))) {
      rows[c & 15] = static_cast<std::uint8_t>(rows[c & 15] | (1U << (c >> 4)));
    }
  }
  return rows;
}();

struct Avx2 {
  [[gnu::target("avx2,bmi")]] static const char* token_end(const char* p, const char* end,
                                                           const char* begin) noexcept {
    return find<&Avx2::outside_token, Portable::token_end>(p, end, begin);
  }
  [[gnu::target("avx2,bmi")]] static const char* target_end(const char* p, const char* end,
                                                            const char* begin) noexcept {
    return find<&Avx2::outside_target, Portable::target_end>(p, end, begin);
  }
  [[gnu::target("avx2,bmi")]] static const char* value_end(const char* p, const char* end,
                                                           const char* begin) noexcept {
    return find<&Avx2::outside_value, Portable::value_end>(p, end, begin);
  }

 private:
  // A bit for each of the 32 bytes at p that is not permitted.
  [[gnu::target("avx2,bmi")]] static std::uint32_t outside_token(const char* p) noexcept {
    const __m256i rows = _mm256_broadcastsi128_si256(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(token_rows.data())));
    const __m256i bits = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, static_cast<char>(128), 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
    const __m256i hit =
        _mm256_and_si256(_mm256_shuffle_epi8(rows, bytes), _mm256_shuffle_epi8(bits, high));
    return mask(_mm256_cmpeq_epi8(hit, _mm256_setzero_si256()));
  }
  [[gnu::target("avx2,bmi")]] static std::uint32_t outside_target(const char* p) noexcept {
    // As signed bytes 0x80..0xff lie below 0x21, so one comparison catches both ends but DEL.
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return mask(_mm256_or_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), bytes),
                                _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7f)),
                                                _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('#')))));
  }
  [[gnu::target("avx2,bmi")]] static std::uint32_t outside_value(const char* p) noexcept {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i control =
        _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
    const __m256i tab = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\t'));
    const __m256i del = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7f));
    return mask(_mm256_or_si256(_mm256_andnot_si256(tab, control), del));
  }
  [[gnu::target("avx2,bmi")]] static std::uint32_t mask(__m256i lanes) noexcept {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(lanes));
  }

  // Never reads outside [begin, end): the tail is found by loading the buffer's last 32 bytes again
  // and shifting out those before p, so callers owe no padding.
  template <std::uint32_t (*Outside)(const char*), auto Short>
  [[gnu::target("avx2,bmi")]] static const char* find(const char* p, const char* end,
                                                      const char* begin) noexcept {
    for (; end - p >= 32; p += 32) {
      if (const std::uint32_t outside = Outside(p); outside != 0) {
        return p + std::countr_zero(outside);
      }
    }
    if (end - begin < 32) return Short(p, end, begin);
    if (p == end) return end;
    const char* const last = end - 32;
    const std::uint32_t outside = Outside(last) >> (p - last);
    return outside != 0 ? p + std::countr_zero(outside) : end;
  }
};

}  // namespace duelio::http::scan
