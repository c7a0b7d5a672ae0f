#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include <immintrin.h>

// Finding where a run of permitted characters ends: the only inner loop of the request parser. Two
// paths with one meaning: a table, for any x86-64, and AVX2 (32 bytes a step), chosen at run time.
// Tests run both on the same inputs.
namespace duelio::http::scan {

// -1 for what is no hexadecimal digit.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

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

// uri-host [ ":" port ], RFC 9110 section 7.2, with one exception: ',' is a sub-delim that no host
// name uses, but a merged pair of fields would.
constexpr bool is_host(unsigned char c) {
  if (c == ':' || c == '[' || c == ']' || c == '(' || c == ')' || c == ';' || c == '=') return true;
  return is_token(c) && c != '#' && c != '^' && c != '`' && c != '|';
}

template <bool (*Permitted)(unsigned char)>
inline constexpr auto table = [] {
  std::array<bool, 256> permitted{};
  for (unsigned c = 0; c < 256; ++c) permitted[c] = Permitted(static_cast<unsigned char>(c));
  return permitted;
}();

// A field line in its usual form: a name, ": ", a value that begins with no blank, CR LF.
struct Line {
  const char* name_end;
  const char* value_begin;
  const char* value_end;  // the CR
};

// Every path has the same functions. Most find the first byte in [p, end) that is not permitted, or
// end. find_line() finds a usual line at p that has arrived whole, or says no: also where looking
// would not pay. `begin` <= p is the start of the readable buffer.
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
  static const char* host_end(const char* p, const char* end, const char* /*begin*/) noexcept {
    return skip<is_host>(p, end);
  }
  static bool find_line(const char*, const char*, const char*, Line&) noexcept { return false; }

 private:
  template <bool (*Permitted)(unsigned char)>
  static const char* skip(const char* p, const char* end) noexcept {
    while (p != end && table<Permitted>[static_cast<unsigned char>(*p)]) ++p;
    return p;
  }
};

// A set of ASCII characters as rows by low nibble: bit h says whether the byte 0xhl is permitted.
// vpshufb looks both nibbles up at once and yields 0 for bytes with the top bit set, which are in
// no such set.
template <bool (*Permitted)(unsigned char)>
inline constexpr auto rows = [] {
  std::array<std::uint8_t, 16> rows{};
  for (unsigned c = 0; c < 128; ++c) {
    if (Permitted(static_cast<unsigned char>(c))) {
      rows[c & 15] = static_cast<std::uint8_t>(rows[c & 15] | (1U << (c >> 4)));
    }
  }
  return rows;
}();

struct Avx2 {
  [[gnu::target("avx2,bmi,bmi2")]] static const char* token_end(const char* p, const char* end,
                                                                const char* begin) noexcept {
    return find<&Avx2::outside<is_token>, Portable::token_end>(p, end, begin);
  }
  [[gnu::target("avx2,bmi,bmi2")]] static const char* host_end(const char* p, const char* end,
                                                               const char* begin) noexcept {
    return find<&Avx2::outside<is_host>, Portable::host_end>(p, end, begin);
  }
  [[gnu::target("avx2,bmi,bmi2")]] static const char* target_end(const char* p, const char* end,
                                                                 const char* begin) noexcept {
    return find<&Avx2::outside_target, Portable::target_end>(p, end, begin);
  }
  [[gnu::target("avx2,bmi,bmi2")]] static const char* value_end(const char* p, const char* end,
                                                                const char* begin) noexcept {
    return find<&Avx2::outside_value, Portable::value_end>(p, end, begin);
  }
  // Looks at the same 32 bytes for the name's end and for the value's: most lines are no longer,
  // and in a longer one the search goes on from a place that does not depend on where the name
  // ended.
  [[gnu::target("avx2,bmi,bmi2")]] static bool find_line(const char* p, const char* end,
                                                         const char* begin, Line& line) noexcept {
    if (end - begin < 32) return false;
    const char* const at = end - p >= 32 ? p : end - 32;
    const auto before = static_cast<unsigned>(p - at);
    const unsigned size = 32 - before;
    const auto name_size = static_cast<unsigned>(std::countr_zero(outside<is_token>(at) >> before));
    const unsigned value = name_size + 2;
    if (name_size == 0 || value >= size || p[name_size] != ':' || p[name_size + 1] != ' ' ||
        p[value] == ' ' || p[value] == '\t') {
      return false;
    }
    const std::uint32_t outside_values = outside_value(at) >> before >> value;
    const char* const value_end = outside_values != 0 ? p + value + std::countr_zero(outside_values)
                                                      : Avx2::value_end(p + size, end, begin);
    if (end - value_end < 2 || value_end[0] != '\r' || value_end[1] != '\n') return false;
    line = {p + name_size, p + value, value_end};
    return true;
  }

 private:
  // A bit for each of the 32 bytes at p that is not permitted.
  template <bool (*Permitted)(unsigned char)>
  [[gnu::target("avx2,bmi,bmi2")]] static std::uint32_t outside(const char* p) noexcept {
    const __m256i by_low = _mm256_broadcastsi128_si256(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows<Permitted>.data())));
    const __m256i bits = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, static_cast<char>(128), 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
    const __m256i hit =
        _mm256_and_si256(_mm256_shuffle_epi8(by_low, bytes), _mm256_shuffle_epi8(bits, high));
    return mask(_mm256_cmpeq_epi8(hit, _mm256_setzero_si256()));
  }
  [[gnu::target("avx2,bmi,bmi2")]] static std::uint32_t outside_target(const char* p) noexcept {
    // As signed bytes 0x80..0xff lie below 0x21, so one comparison catches both ends but DEL.
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return mask(_mm256_or_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), bytes),
                                _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7f)),
                                                _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('#')))));
  }
  [[gnu::target("avx2,bmi,bmi2")]] static std::uint32_t outside_value(const char* p) noexcept {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i control =
        _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
    const __m256i tab = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\t'));
    const __m256i del = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7f));
    return mask(_mm256_or_si256(_mm256_andnot_si256(tab, control), del));
  }
  [[gnu::target("avx2,bmi,bmi2")]] static std::uint32_t mask(__m256i lanes) noexcept {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(lanes));
  }

  // Never reads outside [begin, end): the tail is found by loading the buffer's last 32 bytes again
  // and shifting out those before p, so callers owe no padding.
  template <std::uint32_t (*Outside)(const char*), auto Short>
  [[gnu::target("avx2,bmi,bmi2")]] static const char* find(const char* p, const char* end,
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
