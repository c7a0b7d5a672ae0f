#include "loadgen/response_head.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "common/http/field_values.h"
#include "common/http/scan.h"

namespace duelio::loadgen {
namespace {

constexpr std::string_view version_begin = "HTTP/1.";
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// As soon as the first bytes tell: a server that speaks something else may wait for us to go on.
Flaw flaw_of_begin(std::string_view bytes, std::uint64_t& byte) noexcept {
  for (std::size_t i = 0; i < std::min(bytes.size(), version_begin.size()); ++i) {
    if (bytes[i] == version_begin[i]) continue;
    byte = i;
    return i < std::string_view("HTTP/").size() ? Flaw::no_http : Flaw::version;
  }
  return Flaw::none;
}

// status-line = HTTP-version SP status-code SP [ reason-phrase ], RFC 9112 section 4. The SP behind
// a code without a reason is often left out.
Flaw parse_status_line(std::string_view line, int& status, std::uint64_t& byte) noexcept {
  const auto refuse = [&](Flaw flaw, std::size_t at) {
    byte = at;
    return flaw;
  };
  std::size_t at = version_begin.size();
  if (at >= line.size() || !is_digit(line[at])) return refuse(Flaw::version, at);
  ++at;
  if (at >= line.size() || line[at] != ' ')
    return refuse(at < line.size() && is_digit(line[at]) ? Flaw::version : Flaw::status_code, at);
  status = 0;
  for (const std::size_t end = ++at + 3; at < end; ++at) {
    if (at >= line.size() || !is_digit(line[at])) return refuse(Flaw::status_code, at);
    status = status * 10 + (line[at] - '0');
  }
  if (at < line.size() && line[at] != ' ') return refuse(Flaw::status_code, at);
  if (const std::size_t cr = line.find('\r'); cr != std::string_view::npos)
    return refuse(Flaw::carriage_return_in_status_line, cr);
  return Flaw::none;
}

// The fields that frame a response or end its connection; values of one name are one list.
struct Fields {
  // Pre: `value` has no blanks around it.
  Flaw take(std::string_view name, std::string_view value) {
    if (http::equals_ignoring_case(name, "content-length")) {
      const std::uint64_t before = length;
      if (!http::parse_content_length(value, length)) return Flaw::content_length;
      // RFC 9112 section 6.3, rule 5
      if (has_length && length != before) return Flaw::content_lengths;
      has_length = true;
    } else if (http::equals_ignoring_case(name, "transfer-encoding")) {
      Flaw flaw = Flaw::none;
      has_coding = true;
      http::for_each_element(value, [&](std::string_view coding) {
        const std::string_view coding_name = coding.substr(0, coding.find_first_of("; \t"));
        const bool chunked = http::equals_ignoring_case(coding_name, "chunked");
        if (chunked && coding_name != coding) flaw = Flaw::chunked_parameters;
        if (chunked && has_chunked) flaw = Flaw::chunked_twice;
        has_chunked = has_chunked || chunked;
        ends_chunked = chunked;
      });
      return flaw;
    } else if (http::equals_ignoring_case(name, "connection")) {
      http::for_each_element(value, [this](std::string_view option) {
        if (http::equals_ignoring_case(option, "close")) close = true;
        if (http::equals_ignoring_case(option, "keep-alive")) keep_alive = true;
      });
    }
    return Flaw::none;
  }

  std::uint64_t length = 0;
  bool has_length = false;
  bool has_coding = false;
  bool has_chunked = false;
  bool ends_chunked = false;
  bool close = false;
  bool keep_alive = false;
};

// Field lines, each with its CR LF, and the empty line. `begin` is their place in the response.
Flaw parse_fields(std::string_view lines, std::size_t begin, Fields& fields, std::uint64_t& byte) {
  std::size_t at = 0;
  while (!lines.substr(at).starts_with("\r\n")) {
    const std::size_t end = lines.find("\r\n", at);
    const std::string_view line = lines.substr(at, end - at);
    if (const std::size_t cr = line.find('\r'); cr != std::string_view::npos) {
      byte = begin + at + cr;
      return Flaw::carriage_return_in_field;
    }
    std::size_t colon = 0;
    while (colon < line.size() &&
           http::scan::table<http::scan::is_token>[static_cast<unsigned char>(line[colon])])
      ++colon;
    byte = begin + at;
    if (at == 0 && is_blank(line[0])) return Flaw::blank_before_field;
    if (colon == line.size() || line[colon] != ':' || colon == 0) {
      byte += colon;
      return line.find(':') == std::string_view::npos ? Flaw::no_colon : Flaw::field_name;
    }
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
    if (const Flaw flaw = fields.take(line.substr(0, colon), value); flaw != Flaw::none) {
      byte = begin + static_cast<std::size_t>(value.data() - lines.data());
      return flaw;
    }
    at = end + 2;
  }
  return Flaw::none;
}

// obs-fold, RFC 9112 section 5.2: a line that begins with a blank goes on with the one before it,
// and its CR LF counts as blanks. Places stay as they are.
bool unfold(std::string_view lines, std::string& unfolded) {
  for (std::size_t at = 0; (at = lines.find('\n', at)) != std::string_view::npos; ++at) {
    if (at + 1 >= lines.size() || !is_blank(lines[at + 1])) continue;
    if (unfolded.empty()) unfolded = lines;
    unfolded[at - 1] = unfolded[at] = ' ';
  }
  return !unfolded.empty();
}

}  // namespace

std::size_t find_head_end(std::string_view bytes, HeadSearch& search, Refusal& refusal) noexcept {
  if (search.line == 0) {
    refusal.flaw = flaw_of_begin(bytes, refusal.byte);
    if (refusal.flaw != Flaw::none) return 0;
  }
  while (true) {
    const std::string_view rest = bytes.substr(search.line);
    const void* const found = rest.empty() ? nullptr : std::memchr(rest.data(), '\n', rest.size());
    if (found == nullptr) return 0;
    const auto size = static_cast<std::size_t>(static_cast<const char*>(found) - rest.data());
    if (size == 0 || rest[size - 1] != '\r') {
      refusal = {search.line == 0 ? Flaw::line_feed_in_status_line : Flaw::line_feed_in_field,
                 search.line + size};
      return 0;
    }
    search.line += size + 1;
    if (size == 1) return search.line;
  }
}

bool parse_response_head(std::string_view head, bool head_request, ResponseHead& parsed,
                         Refusal& refusal) {
  parsed = {};
  if (const std::size_t nul = head.find('\0'); nul != std::string_view::npos) {
    refusal = {Flaw::nul_in_head, nul};
    return false;
  }
  const std::size_t line_size = head.find("\r\n");
  refusal.flaw = parse_status_line(head.substr(0, line_size), parsed.status, refusal.byte);
  if (refusal.flaw != Flaw::none) return false;
  if (parsed.status == 101) {
    refusal = {Flaw::switching, std::string_view("HTTP/1.1 ").size()};
    return false;
  }
  Fields fields;
  const std::string_view lines = head.substr(line_size + 2);
  std::string unfolded;
  refusal.flaw =
      parse_fields(unfold(lines, unfolded) ? unfolded : lines, line_size + 2, fields, refusal.byte);
  if (refusal.flaw != Flaw::none) return false;
  using Body = ResponseHead::Body;
  const bool is_1_0 = head[version_begin.size()] == '0';
  parsed.closes = fields.close || (is_1_0 && !fields.keep_alive);  // RFC 9112 section 9.3
  // RFC 9112 section 6.3. Rule 1: no body, whatever the fields say.
  if (head_request || parsed.is_interim() || parsed.status == 204 || parsed.status == 304) {
    parsed.body = Body::none;
  } else if (fields.has_coding) {  // rules 3 and 4: it overrides a content-length
    parsed.body = fields.ends_chunked ? Body::chunked : Body::until_close;
    parsed.closes = parsed.closes || is_1_0;  // section 6.1: its framing is not to be trusted
  } else if (fields.has_length) {
    parsed.body = Body::length;
    parsed.length = fields.length;
  } else {
    parsed.body = Body::until_close;
  }
  if (parsed.body == Body::until_close) parsed.closes = true;
  return true;
}

}  // namespace duelio::loadgen
