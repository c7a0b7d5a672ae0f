#include "common/http/request_parser.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/http/scan.h"
#include "tests/common/http/parse_pieces.h"
#include "tests/support/pieces.h"

namespace duelio::http {
namespace {

using namespace std::string_literals;

// The verdict on `bytes`, which must be the same however they arrive and by whichever scanner.
Verdict parse(const std::string& bytes, const Limits& limits = {}) {
  const Verdict whole = parse_pieces({bytes}, limits, ScanPath::portable);
  for (const ScanPath path : {ScanPath::portable, ScanPath::avx2}) {
    if (!is_available(path)) continue;
    test::for_every_arrival(bytes, [&](const std::vector<std::string_view>& pieces) {
      EXPECT_EQ(parse_pieces(pieces, limits, path), whole)
          << "in " << pieces.size() << " pieces, the first of " << pieces[0].size()
          << " bytes: " << bytes;
    });
  }
  return whole;
}

std::string get(const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
  return line + "\r\nhost: a\r\n" + fields + "\r\n";
}

Status error_of(const std::string& bytes, const Limits& limits = {}) {
  const Verdict verdict = parse(bytes, limits);
  EXPECT_EQ(verdict.outcome, Outcome::rejected) << bytes;
  return verdict.error;
}

TEST(RequestParser, ReadsAMinimalRequest) {
  const std::string request = "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n";
  const Verdict verdict = parse(request + "rest of the stream");
  EXPECT_EQ(verdict, (Verdict{.outcome = Outcome::complete,
                              .method = "GET",
                              .target = "/a?b",
                              .keep_alive = true,
                              .size = request.size()}));
}

TEST(RequestParser, WaitsForEveryPrefix) {
  const std::string request = get("content-length: 5\r\n");
  for (std::size_t size = 0; size < request.size(); ++size) {
    EXPECT_EQ(
        parse_pieces({std::string_view(request).substr(0, size)}, {}, ScanPath::portable).outcome,
        Outcome::incomplete);
  }
}

TEST(RequestParser, SkipsEmptyLinesBeforeTheRequestLine) {
  EXPECT_EQ(parse("\r\n\r\n" + get("")).outcome, Outcome::complete);
  EXPECT_EQ(error_of("\n" + get("")), Status::bad_request);
  EXPECT_EQ(error_of("\rGET / HTTP/1.1\r\n"), Status::bad_request);
}

TEST(RequestParser, TakesAnyTokenAsMethodAndKeepsItsCase) {
  EXPECT_EQ(parse(get("", "get / HTTP/1.1")).method, "get");
  EXPECT_EQ(parse(get("", "!#$%&'*+-.^_`|~09 / HTTP/1.1")).method, "!#$%&'*+-.^_`|~09");
  EXPECT_EQ(error_of(get("", "G(T / HTTP/1.1")), Status::bad_request);
  EXPECT_EQ(error_of(get("", " / HTTP/1.1")), Status::bad_request);
  EXPECT_EQ(error_of(get("", "CONNECT a:80 HTTP/1.1")), Status::not_implemented);
}

TEST(RequestParser, KnowsTheFormsOfATarget) {
  EXPECT_EQ(parse(get("", "GET http://a/b HTTP/1.1")).target, "http://a/b");
  EXPECT_EQ(parse(get("", "OPTIONS * HTTP/1.1")).target, "*");
  for (const char* target : {"http://a", "http://a?b", "http://u:p@a:80/", "HTTP://[::1]:80?/"}) {
    EXPECT_EQ(parse(get("", "GET " + std::string(target) + " HTTP/1.1")).target, target);
  }
  for (const char* line :
       {"GET http://?a HTTP/1.1", "GET http://u@/ HTTP/1.1", "GET http://:80/ HTTP/1.1",
        "GET 1http://a/ HTTP/1.1", "GET * HTTP/1.1", "GET a HTTP/1.1", "GET http:/a HTTP/1.1",
        "GET http:///a HTTP/1.1", "GET /a#b HTTP/1.1", "GET :// HTTP/1.1", "GET  / HTTP/1.1",
        "GET /a b HTTP/1.1", "GET / ", "GET /\x7f HTTP/1.1", "GET /\t HTTP/1.1",
        "GET /\xc3\xa9 HTTP/1.1", "GET  HTTP/1.1", "GET /"}) {
    EXPECT_EQ(error_of(get("", line)), Status::bad_request) << line;
  }
}

TEST(RequestParser, JudgesTheVersion) {
  EXPECT_FALSE(parse(get("", "GET / HTTP/1.0")).keep_alive);
  EXPECT_TRUE(parse(get("", "GET / HTTP/1.0")).http10);
  EXPECT_TRUE(parse(get("connection: keep-alive\r\n", "GET / HTTP/1.0")).keep_alive);
  EXPECT_EQ(parse("GET / HTTP/1.0\r\n\r\n").outcome, Outcome::complete);  // no host before 1.1
  EXPECT_TRUE(parse(get("", "GET / HTTP/1.2")).keep_alive);               // RFC 9110 section 2.5
  for (const char* line : {"GET / HTTP/2.0", "GET / HTTP/0.9", "GET / HTTP/9.9"}) {
    EXPECT_EQ(error_of(get("", line)), Status::version_not_supported) << line;
  }
  for (const char* line : {"GET / http/1.1", "GET / HTTP/1.", "GET / HTTP/11", "GET / HTTP/1.10",
                           "GET / HTTP/1.1 ", "GET / HTTQ/1.1", "GET / X", "GET / HTTP/a.b"}) {
    EXPECT_EQ(error_of(get("", line)), Status::bad_request) << line;
  }
}

TEST(RequestParser, RefusesWhatSmugglersUse) {
  for (const std::string& fields :
       {"a: b\n"s, "a: b\n\r\n"s, "a : b\r\n"s, "a\t: b\r\n"s, " a: b\r\n"s, "a: b\r\n folded\r\n"s,
        "a: b\r\n\tfolded\r\n"s, ": b\r\n"s, "a\r\n"s, "a: b\rc\r\n"s, "a: \x01\r\n"s,
        "a: \x7f\r\n"s, "a: b\0c\r\n"s, "a\0: b\r\n"s, "a\xc3\xa9: b\r\n"s, "a(b: c\r\n"s,
        "a b: c\r\n"s, "\0"s}) {
    EXPECT_EQ(error_of(get(fields)), Status::bad_request) << fields;
  }
  EXPECT_EQ(error_of("GET / HTTP/1.1\nhost: a\n\n"), Status::bad_request);
}

TEST(RequestParser, AllowsWhatFieldValuesMayHold) {
  EXPECT_EQ(parse(get("a:\r\nb: \r\nc:\td e\t \r\nd: \xc3\xa9\xff\r\n")).outcome,
            Outcome::complete);
}

TEST(RequestParser, ReadsContentLengthInAnyCaseAndBlank) {
  for (const char* field :
       {"content-length: 5", "Content-Length:5", "CONTENT-LENGTH: \t 5 \t", "content-Length:   5",
        "content-length: 005", "content-length: 5\r\ncontent-length: 5", "content-length: 5, 5",
        "content-length: 5,5\t,\t5"}) {
    EXPECT_EQ(parse(get(field + "\r\n"s)).content_length, 5U) << field;
  }
}

TEST(RequestParser, RejectsBadContentLengths) {
  for (const char* value : {"", "+5", "-5", "5 5", "0x5", "5;", "5.", "five",
                            "18446744073709551616", "99999999999999999999999999999999",
                            "18446744073709551615999", "5,", ",5", "5,,5", "5, 6", "\"5\""}) {
    EXPECT_EQ(error_of(get("content-length: "s + value + "\r\n")), Status::bad_request) << value;
  }
}

TEST(RequestParser, RejectsDifferingContentLengths) {
  EXPECT_EQ(error_of(get("content-length: 5\r\ncontent-length: 6\r\n")), Status::bad_request);
}

TEST(RequestParser, IgnoresLookAlikesOfContentLength) {
  for (const char* name : {"content-lengthx", "x-content-length", "content_length", "content-lengt",
                           "xcontent-length", "content.length", "content-lengti"}) {
    EXPECT_EQ(parse(get(name + ": 7\r\n"s)).content_length, 0U) << name;
  }
}

TEST(RequestParser, NeverFramesByTransferEncoding) {
  EXPECT_EQ(error_of(get("transfer-encoding: chunked\r\n")), Status::not_implemented);
  EXPECT_EQ(error_of(get("Transfer-Encoding:\tidentity\r\n")), Status::not_implemented);
  EXPECT_EQ(error_of(get("transfer-encoding: gzip, chunked\r\n")), Status::not_implemented);
  for (const char* fields :
       {"transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        "content-length: 5\r\ntransfer-encoding: x\r\n", "transfer-encoding:\r\n",
        "transfer-encoding: chun\x7f\r\n", "transfer-encoding: [x]\r\n",
        "transfer-encoding : chunked\r\n", "transfer-encoding\n: chunked\r\n"}) {
    EXPECT_EQ(error_of(get(fields)), Status::bad_request) << fields;
  }
  EXPECT_EQ(error_of(get("transfer-encoding: chunked\r\n", "GET / HTTP/1.0")), Status::bad_request);
}

TEST(RequestParser, WantsExactlyOneHost) {
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\n\r\n"), Status::bad_request);
  EXPECT_EQ(error_of(get("host: a\r\n")), Status::bad_request);
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\nHost:a\r\nhost: b\r\n\r\n"), Status::bad_request);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nhost:\r\n\r\n").outcome, Outcome::complete);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nhost: \r\n\r\n").outcome, Outcome::complete);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHOST: a \t\r\n\r\n").outcome, Outcome::complete);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nhost: [::1]:80\r\n\r\n").outcome, Outcome::complete);
  for (const char* host : {"a b", "a,b", "a/b", "a@b", "a?b", "\"a\"", "a\xc3\xa9"}) {
    EXPECT_EQ(error_of("GET / HTTP/1.1\r\nhost: "s + host + "\r\n\r\n"), Status::bad_request)
        << host;
  }
}

TEST(RequestParser, ReadsConnectionOptions) {
  EXPECT_FALSE(parse(get("connection: close\r\n")).keep_alive);
  EXPECT_FALSE(parse(get("Connection: keep-alive, CLOSE\r\n")).keep_alive);
  EXPECT_FALSE(parse(get("connection: x\r\nconnection: ,close,\r\n")).keep_alive);
  EXPECT_TRUE(parse(get("connection: closed\r\n")).keep_alive);
  EXPECT_TRUE(parse(get("connection: upgrade\r\n")).keep_alive);
}

TEST(RequestParser, ReadsExpectations) {
  EXPECT_TRUE(parse(get("expect: 100-Continue\r\ncontent-length: 1\r\n")).expects_continue);
  EXPECT_EQ(error_of(get("expect: 200-ok\r\n")), Status::expectation_failed);
  const Verdict old = parse(get("expect: 100-continue\r\n", "POST / HTTP/1.0"));
  EXPECT_EQ(old.outcome, Outcome::complete);  // RFC 9110 section 10.1.1: ignored
  EXPECT_FALSE(old.expects_continue);
}

TEST(RequestParser, LimitsTheHead) {
  const Limits limits{.head = 100, .body = 10};
  const auto padded = [](std::size_t size) {
    const std::string rest = "GET / HTTP/1.1\r\nhost: a\r\nx: \r\n\r\n";
    return "GET / HTTP/1.1\r\nhost: a\r\nx: " + std::string(size - rest.size(), 'p') + "\r\n\r\n";
  };
  EXPECT_EQ(parse(padded(100), limits).outcome, Outcome::complete);
  EXPECT_EQ(error_of(padded(101), limits), Status::fields_too_large);
  EXPECT_EQ(error_of(padded(300), limits), Status::fields_too_large);
  EXPECT_EQ(error_of("GET /" + std::string(200, 'p') + " HTTP/1.1\r\n", limits),
            Status::uri_too_long);
  EXPECT_EQ(error_of(std::string(200, 'M'), limits), Status::uri_too_long);
  // What lies beyond the limit has no say: the same bytes in one piece or in many.
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\nx: " + std::string(90, 'p') + "\n", limits),
            Status::fields_too_large);
}

TEST(RequestParser, DecidesTheBodyLimitFromTheHead) {
  const Limits limits{.head = 1000, .body = 10};
  EXPECT_EQ(parse(get("content-length: 10\r\n"), limits).content_length, 10U);
  EXPECT_EQ(error_of(get("content-length: 11\r\n"), limits), Status::content_too_large);
}

TEST(RequestParser, StartsAnewAfterReset) {
  RequestParser parser({});
  const std::string first = get("connection: close\r\ncontent-length: 3\r\n");
  ASSERT_EQ(parser.parse(first), Outcome::complete);
  parser.reset();
  ASSERT_EQ(parser.parse(get("")), Outcome::complete);
  EXPECT_TRUE(parser.head().keep_alive);
  EXPECT_EQ(parser.head().content_length, 0U);
}

// What is taken a line at a time and what is taken in stages must be told the same. Names and
// values of every length around a block of 32 bytes, and one wrong byte at every position.
TEST(RequestParser, ReadsLinesOfEveryLength) {
  for (std::size_t name = 1; name <= 36; name += name < 28 ? 9 : 1) {
    for (std::size_t value = 0; value <= 70; ++value) {
      const std::string line = std::string(name, 'n') + ": " + std::string(value, 'v') + "\r\n";
      for (const std::string& head :
           {get(line + "Content-Length: 7\r\n"),
            "GET / HTTP/1.1\r\n" + line + "Host: a\r\ncontent-length: 7\r\n\r\n"}) {
        for (const ScanPath path : {ScanPath::portable, ScanPath::avx2}) {
          if (!is_available(path)) continue;
          const Verdict verdict = parse_pieces({head}, {}, path);
          ASSERT_EQ(verdict.outcome, Outcome::complete) << head;
          ASSERT_EQ(verdict.content_length, 7U) << head;
          ASSERT_EQ(verdict.size, head.size());
        }
      }
    }
  }
}

TEST(RequestParser, JudgesAWrongByteAnywhereAlike) {
  const std::string good =
      "GET /a HTTP/1.1\r\nUser-Agent: a name and a version that is longer than a block\r\n"
      "Host: example.org:80\r\nX: 1\r\ncontent-length: 3\r\nConnection: close\r\n\r\n";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char wrong : "\r\n\t :,a\x7f\x80") {  // and NUL, the literal's own end
      std::string bytes = good;
      bytes[at] = wrong;
      std::vector<std::string_view> single;
      for (std::size_t i = 0; i < bytes.size(); ++i) single.emplace_back(bytes.data() + i, 1);
      const Verdict verdict = parse_pieces(single, {}, ScanPath::portable);
      for (const ScanPath path : {ScanPath::portable, ScanPath::avx2}) {
        if (!is_available(path)) continue;
        ASSERT_EQ(parse_pieces({bytes}, {}, path), verdict) << at << ": " << bytes;
        const std::string_view view = bytes;
        ASSERT_EQ(parse_pieces({view.substr(0, at), view.substr(at)}, {}, path), verdict)
            << at << ": " << bytes;
      }
    }
  }
}

// Every byte value, at every distance from the ends of blocks of 32: the scanners must agree with
// the rule.
TEST(Scan, PathsAgreeOnEveryByteAndAlignment) {
  if (!is_available(ScanPath::avx2)) GTEST_SKIP() << "no AVX2 here";
  for (unsigned value = 0; value < 256; ++value) {
    for (std::size_t size : {1U, 5U, 31U, 32U, 33U, 63U, 64U, 70U, 100U}) {
      for (std::size_t at = 0; at < size; at += (size > 40 ? 7 : 1)) {
        const auto block = std::make_unique<char[]>(size);
        std::fill_n(block.get(), size, 'a');
        block[at] = static_cast<char>(value);
        const char* const begin = block.get();
        const char* const end = begin + size;
        for (const char* p = begin; p <= begin + at; p += 3) {
          ASSERT_EQ(scan::Avx2::token_end(p, end, begin), scan::Portable::token_end(p, end, begin));
          ASSERT_EQ(scan::Avx2::target_end(p, end, begin),
                    scan::Portable::target_end(p, end, begin));
          ASSERT_EQ(scan::Avx2::value_end(p, end, begin), scan::Portable::value_end(p, end, begin));
          ASSERT_EQ(scan::Avx2::host_end(p, end, begin), scan::Portable::host_end(p, end, begin));
        }
      }
    }
  }
}

}  // namespace
}  // namespace duelio::http
