#include "loadgen/url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "common/http/scan.h"

namespace duelio::loadgen {
namespace {

std::invalid_argument bad(const std::string& what) {
  return std::invalid_argument(what);
}

constexpr bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_hexadecimal(char c) {
  return http::scan::hex_value(c) >= 0;
}
// unreserved / sub-delims, RFC 3986 section 2
constexpr bool is_plain(char c) {
  return is_alphanumeric(c) ||
         std::string_view("-._~!$&'()*+,;=").find(c) != std::string_view::npos;
}

// "'|'", or "byte 0xfc" of what a terminal might not show.
std::string shown(char c) {
  if (c > ' ' && c < 0x7f) return std::string("'") + c + "'";
  if (c == ' ') return "a blank";
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "byte 0x%02x", static_cast<unsigned char>(c));
  return text.data();
}

std::string encoded(char c) {
  std::array<char, 4> text{};
  std::snprintf(text.data(), text.size(), "%%%02X", static_cast<unsigned char>(c));
  return text.data();
}

// path-abempty [ "?" query ]
void require_target(std::string_view target) {
  for (std::size_t i = 0; i < target.size(); ++i) {
    const char c = target[i];
    if (c == '%') {
      if (i + 2 >= target.size() || !is_hexadecimal(target[i + 1]) ||
          !is_hexadecimal(target[i + 2]))
        throw bad(
            "has a '%' without two hexadecimal digits behind it; a '%' itself is "
            "percent-encoded as %25");
    } else if (!is_plain(c) && c != ':' && c != '@' && c != '/' && c != '?') {
      throw bad("has " + shown(c) + " in its target, where it is percent-encoded: " + encoded(c));
    }
  }
}

std::uint16_t parse_port(std::string_view digits) {
  if (digits.empty()) return 80;  // section 3.2.3: as if it were not there
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error == std::errc::invalid_argument || end != digits.data() + digits.size())
    throw bad("has port '" + std::string(digits) + "', which is not a number");
  if (error != std::errc{} || port == 0 || port > 65535)
    throw bad("has port '" + std::string(digits) + "', which is not between 1 and 65535");
  return static_cast<std::uint16_t>(port);
}

// "[" IPv6address [ "%25" ZoneID ] "]" (RFC 6874); returns what follows.
std::string_view parse_literal(std::string_view authority, Url& url) {
  const std::size_t bracket = authority.find(']');
  if (bracket == std::string_view::npos) throw bad("has an address without its closing ']'");
  const std::string_view literal = authority.substr(1, bracket - 1);
  const std::size_t percent = literal.find('%');
  const std::string address(literal.substr(0, percent));
  in6_addr parsed{};
  if (::inet_pton(AF_INET6, address.c_str(), &parsed) != 1)
    throw bad("has '" + std::string(literal) + "' in brackets, which is not an IPv6 address");
  url.host = address;
  url.host_field = "[" + address + "]";
  if (percent != std::string_view::npos) {
    std::string_view zone = literal.substr(percent);
    if (!zone.starts_with("%25") || zone.size() == 3)
      throw bad("has an IPv6 zone that does not read %25 and a name, as in [fe80::1%25eth0]");
    zone.remove_prefix(3);
    if (!std::all_of(zone.begin(), zone.end(), is_plain))
      throw bad("has an IPv6 zone that is no name of an interface");
    url.host += "%" + std::string(zone);
  }
  return authority.substr(bracket + 1);
}

// reg-name or IPv4address; returns what follows.
std::string_view parse_name(std::string_view authority, Url& url) {
  const std::size_t colon = authority.find(':');
  const std::string_view name = authority.substr(0, colon);
  if (colon != std::string_view::npos && authority.find(':', colon + 1) != std::string_view::npos)
    throw bad("has more than one ':' behind http://; an IPv6 address stands in brackets: [::1]");
  if (name.empty()) throw bad("names no host");
  for (const char c : name) {
    if (is_plain(c)) continue;
    if (static_cast<unsigned char>(c) > 0x7f)
      throw bad("has a host that is not ASCII; write it in its ASCII form (xn--...)");
    throw bad("has " + shown(c) + " in its host");
  }
  url.host = url.host_field = name;
  return colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
}

// Where the authority may be: behind "//", or at the begin where that is missing.
std::size_t authority_begin(std::string_view text) {
  const std::size_t slashes = text.find("//");
  return slashes == std::string_view::npos ? 0 : slashes + 2;
}

// In lower case; empty: there is none.
std::string scheme_of(std::string_view text) {
  std::string scheme(
      text.substr(0, text.find("://") == std::string_view::npos ? 0 : text.find("://")));
  for (char& c : scheme) {
    if (!is_alphanumeric(c) && c != '+' && c != '-' && c != '.') return {};
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return scheme;
}

}  // namespace

Url parse_url(std::string_view text) {
  const std::string scheme = scheme_of(text);
  if (scheme == "https") throw bad("begins with https://: TLS is not spoken here, only http://");
  if (scheme.empty()) throw bad("does not begin with http://");
  if (scheme != "http") throw bad("begins with " + scheme + "://; only http:// is spoken here");
  const std::string_view rest = text.substr(std::string_view("http://").size());
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  if (authority.find('@') != std::string_view::npos) {
    throw bad(
        "has user-info before its '@', which is never sent (RFC 9110 section 4.2.4); use --header "
        "'authorization: ...'");
  }
  Url url;
  const std::string_view port =
      authority.starts_with('[') ? parse_literal(authority, url) : parse_name(authority, url);
  for (const char c : port) {
    if (c < ' ' || c == 0x7f) throw bad("has " + shown(c) + " in its port");
  }
  if (!port.empty() && port.front() != ':')
    throw bad("has '" + std::string(port) + "' behind its address");
  url.port = parse_port(port.empty() ? port : port.substr(1));
  if (url.port != 80) url.host_field += ":" + std::to_string(url.port);
  const std::string_view target = rest.substr(end, rest.find('#', end) - end);
  if (!target.starts_with('/')) url.target = "/";  // RFC 9112 section 3.2.1
  url.target += target;
  require_target(url.target);
  return url;
}

std::string without_user_info(std::string_view text) {
  const std::size_t begin = authority_begin(text);
  const std::size_t at = text.substr(begin, text.find_first_of("/?#", begin) - begin).rfind('@');
  if (at == std::string_view::npos) return std::string(text);
  return std::string(text.substr(0, begin)) + "..." + std::string(text.substr(begin + at));
}

}  // namespace duelio::loadgen
