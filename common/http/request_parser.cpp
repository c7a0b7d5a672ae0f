#include "common/http/request_parser.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "common/http/field_values.h"
#include "common/http/scan.h"
#include "common/http/target.h"

namespace duelio::http {
namespace {

std::uint64_t load8(const char* p) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof word);
  return word;
}

std::uint32_t load4(const char* p) noexcept {
  std::uint32_t word = 0;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// Whether N bytes at p, all of them token characters, are the lower-case name in any case. Setting
// bit 5 lowers letters; no other token character becomes a letter or '-' by it.
template <std::size_t N>
bool is_name(const char* p, const char (&name)[N]) noexcept {
  constexpr std::size_t size = N - 1;
  static_assert(size == 4 || size == 6 || size >= 8);
  if constexpr (size >= 8) {
    constexpr std::uint64_t lower = 0x2020202020202020;
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      if ((load8(p + i) | lower) != load8(name + i)) return false;
    }
    return (load8(p + size - 8) | lower) == load8(name + size - 8);
  } else {
    constexpr std::uint32_t lower = 0x20202020;
    return (load4(p) | lower) == load4(name) &&
           (load4(p + size - 4) | lower) == load4(name + size - 4);
  }
}

bool is_blank(const char* p, const char* end) noexcept {
  while (p != end && (*p == ' ' || *p == '\t')) ++p;
  return p == end;
}

bool detect_avx2() noexcept {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi") != 0 &&
         __builtin_cpu_supports("bmi2") != 0;
}
const bool has_avx2 = detect_avx2();

}  // namespace

bool is_available(ScanPath path) noexcept {
  return path == ScanPath::portable || detect_avx2();
}

Outcome RequestParser::parse(std::string_view bytes) noexcept {
  return has_avx2 ? run_avx2(bytes) : run_portable(bytes);
}

Outcome RequestParser::parse(std::string_view bytes, ScanPath path) noexcept {
  return path == ScanPath::avx2 ? run_avx2(bytes) : run_portable(bytes);
}

// flatten: the scanner's functions are inlined here, where their instruction set is allowed.
[[gnu::flatten]] Outcome RequestParser::run_avx2(std::string_view bytes) noexcept {
  return run<scan::Avx2>(bytes);
}

Outcome RequestParser::run_portable(std::string_view bytes) noexcept {
  return run<scan::Portable>(bytes);
}

RequestParser::Field RequestParser::field_of(std::string_view name) noexcept {
  const char* const p = name.data();
  switch (name.size()) {
    case 4:
      return is_name(p, "host") ? Field::host : Field::other;
    case 6:
      return is_name(p, "expect") ? Field::expect : Field::other;
    case 10:
      return is_name(p, "connection") ? Field::connection : Field::other;
    case 14:
      return is_name(p, "content-length") ? Field::content_length : Field::other;
    case 17:
      return is_name(p, "transfer-encoding") ? Field::transfer_encoding : Field::other;
    default:
      return Field::other;
  }
}

template <class Scan>
Outcome RequestParser::run(std::string_view bytes) noexcept {
  const char* const begin = bytes.data();
  // Bytes beyond the limit are not looked at, so the verdict does not depend on how the head
  // arrived.
  const char* const end = begin + std::min(bytes.size(), limits_.head);
  const char* p = begin + state_.scanned;
  const auto offset = [begin](const char* q) { return static_cast<std::uint32_t>(q - begin); };
  const auto incomplete = [&](Stage stage) {
    state_.stage = stage;
    return wait(offset(p), bytes.size());
  };

  Stage stage = state_.stage;
  while (true) {
    switch (stage) {
      case Stage::start:  // RFC 9112 section 2.2: empty lines before the request line are skipped
        if (p == end) return incomplete(Stage::start);
        if (*p == '\r') {
          if (end - p < 2) return incomplete(Stage::start);
          if (p[1] != '\n') return reject(Status::bad_request);
          p += 2;
          continue;
        }
        state_.method_begin = offset(p);
        if (end - p >= 4 && load4(p) == load4("GET ")) p += 3;  // the most frequent method
        [[fallthrough]];

      case Stage::method:
        // A handful of bytes: a vector costs more than it finds.
        p = scan::Portable::token_end(p, end, begin);
        if (p == end) return incomplete(Stage::method);
        if (*p != ' ' || offset(p) == state_.method_begin) return reject(Status::bad_request);
        ++p;
        state_.target_begin = offset(p);
        [[fallthrough]];

      case Stage::target:
        if (end - p >= 2 && p[0] == '/' && p[1] == ' ') {
          ++p;  // the most frequent target
        } else {
          p = Scan::target_end(p, end, begin);
        }
        if (p == end) return incomplete(Stage::target);
        if (*p != ' ' || offset(p) == state_.target_begin) return reject(Status::bad_request);
        state_.target_end = offset(p);
        ++p;
        [[fallthrough]];

      case Stage::version: {
        const auto available = static_cast<std::size_t>(end - p);
        if (available < 10 || load8(p) != load8("HTTP/1.1") || p[8] != '\r' || p[9] != '\n') {
          const Status status = check_version(p, available);
          if (status != Status::ok) return reject(status);
          if (available < 10) return incomplete(Stage::version);
        }
        p += 10;
        [[fallthrough]];
      }

      case Stage::field_start:
        if (p == end) return incomplete(Stage::field_start);
        if (*p == '\r') {
          if (end - p < 2) return incomplete(Stage::field_start);
          if (p[1] != '\n') return reject(Status::bad_request);
          p += 2;
          state_.scanned = offset(p);
          return finish(bytes);
        }
        // The field that every request has, most often first: a compare is predicted, a search is
        // waited for.
        if (!state_.has_host && end - p >= 8 && is_name(p, "host") && p[4] == ':' && p[5] == ' ') {
          const char* const host_end = Scan::host_end(p + 6, end, begin);
          if (end - host_end >= 2 && host_end[0] == '\r' && host_end[1] == '\n') {
            state_.has_host = true;
            p = host_end + 2;
            stage = Stage::field_start;
            continue;
          }
        }
        // Whole lines in the usual form are taken at once; the stages below see the others.
        if (scan::Line line; Scan::find_line(p, end, begin, line)) {
          state_.field = field_of({p, line.name_end});
          state_.token = offset(line.value_begin);
          p = line.value_end;
          if (const Status status = take<Scan>(begin, p); status != Status::ok) {
            return reject(status);
          }
          p += 2;
          stage = Stage::field_start;
          continue;
        }
        state_.token = offset(p);
        [[fallthrough]];

      case Stage::field_name: {
        p = Scan::token_end(p, end, begin);
        if (p == end) return incomplete(Stage::field_name);
        const char* const name = begin + state_.token;
        if (*p != ':' || p == name) return reject(Status::bad_request);
        state_.field = field_of({name, p});
        ++p;
        [[fallthrough]];
      }

      case Stage::value_start:
        while (p != end && (*p == ' ' || *p == '\t')) ++p;
        if (p == end) return incomplete(Stage::value_start);
        state_.token = offset(p);
        [[fallthrough]];

      case Stage::value:
        p = Scan::value_end(p, end, begin);
        if (p == end) return incomplete(Stage::value);
        if (*p != '\r') return reject(Status::bad_request);
        [[fallthrough]];

      case Stage::value_end:
        if (end - p < 2) return incomplete(Stage::value_end);
        if (p[1] != '\n') return reject(Status::bad_request);
        if (const Status status = take<Scan>(begin, p); status != Status::ok) {
          return reject(status);
        }
        p += 2;
        stage = Stage::field_start;
    }
  }
}

Outcome RequestParser::reject(Status status) noexcept {
  state_.error = status;
  return Outcome::rejected;
}

Outcome RequestParser::wait(std::size_t scanned, std::size_t available) noexcept {
  if (available >= limits_.head) {
    return reject(state_.stage <= Stage::version ? Status::uri_too_long : Status::fields_too_large);
  }
  state_.scanned = static_cast<std::uint32_t>(scanned);
  return Outcome::incomplete;
}

// HTTP-version CRLF, RFC 9112 section 2.3, for everything but the usual "HTTP/1.1". Judges what is
// there of the ten bytes; ok means that nothing is wrong so far.
Status RequestParser::check_version(const char* p, std::size_t available) noexcept {
  constexpr std::string_view pattern = "HTTP/d.d\r\n";
  const std::size_t size = std::min(available, pattern.size());
  for (std::size_t i = 0; i < size; ++i) {
    const bool digit = p[i] >= '0' && p[i] <= '9';
    if (pattern[i] == 'd' ? !digit : p[i] != pattern[i]) return Status::bad_request;
    if (i == 7 && p[5] != '1') return Status::version_not_supported;
  }
  // A higher minor version is served as the highest that we know (RFC 9110 section 2.5).
  if (size > 7) state_.http10 = p[7] == '0';
  return Status::ok;
}

// The field's value: [state_.token, end).
template <class Scan>
Status RequestParser::take(const char* begin, const char* end) noexcept {
  const char* const value = begin + state_.token;
  if (state_.field == Field::other) return Status::ok;
  if (state_.field != Field::host) return take_value({value, end});
  if (state_.has_host || !is_blank(Scan::host_end(value, end, begin), end)) {
    return Status::bad_request;
  }
  state_.has_host = true;
  return Status::ok;
}

Status RequestParser::take_value(std::string_view value) noexcept {
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  switch (state_.field) {
    case Field::content_length:
      return take_content_length(value);
    case Field::transfer_encoding:
      if (!is_transfer_encoding(value)) return Status::bad_request;
      state_.has_transfer_encoding = true;
      break;
    case Field::connection:
      for_each_element(value, [this](std::string_view option) {
        if (equals_ignoring_case(option, "close")) state_.close = true;
        if (equals_ignoring_case(option, "keep-alive")) state_.keep_alive = true;
      });
      break;
    case Field::expect:
      for_each_element(value, [this](std::string_view expectation) {
        (equals_ignoring_case(expectation, "100-continue") ? state_.expects_continue
                                                           : state_.expects_other) = true;
      });
      break;
    case Field::host:  // take() has judged it
    case Field::other:
      break;
  }
  return Status::ok;
}

Status RequestParser::take_content_length(std::string_view value) noexcept {
  std::uint64_t length = 0;
  if (!parse_content_length(value, length)) return Status::bad_request;
  if (state_.has_length && length != state_.content_length) return Status::bad_request;
  state_.has_length = true;
  state_.content_length = length;
  return Status::ok;
}

// The rules that need the whole head. What could be read in two ways (RFC 9112 section 11.2) is
// judged first.
Outcome RequestParser::finish(std::string_view bytes) noexcept {
  const std::string_view method =
      bytes.substr(state_.method_begin, state_.target_begin - 1 - state_.method_begin);
  const std::string_view target =
      bytes.substr(state_.target_begin, state_.target_end - state_.target_begin);
  if (!state_.has_host && !state_.http10) return reject(Status::bad_request);
  if (state_.has_transfer_encoding) {  // RFC 9112 sections 6.1 and 6.3
    return reject(state_.has_length || state_.http10 ? Status::bad_request
                                                     : Status::not_implemented);
  }
  if (method == "CONNECT") return reject(Status::not_implemented);
  if (!is_request_target(method, target)) return reject(Status::bad_request);
  if (state_.content_length > limits_.body) return reject(Status::content_too_large);
  if (state_.expects_other && !state_.http10) return reject(Status::expectation_failed);
  // Field by field: as an aggregate g++ builds it aside and copies it with a string instruction.
  head_.method = method;
  head_.target = target;
  head_.content_length = state_.content_length;
  head_.keep_alive = !state_.close && (!state_.http10 || state_.keep_alive);
  head_.http10 = state_.http10;
  head_.expects_continue = state_.expects_continue && !state_.http10;
  return Outcome::complete;
}

}  // namespace duelio::http
