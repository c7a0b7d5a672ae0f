#include "loadgen/response_reader.h"

#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/workload.h"

namespace duelio::loadgen {
namespace {

using Outcome = ResponseReader::Outcome;

const std::string hello =
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nContent-Length: 5\r\n\r\nHello";

struct Read {
  std::vector<int> statuses;
  bool malformed = false;
  bool closes = false;
  std::string refusal = {};  // "reason at byte N"
  bool ended = false;        // what was left was whole when the stream ended
  bool operator==(const Read&) const = default;
};

// Hands `bytes` over in pieces of the sizes that the cuts say.
Read read(const std::string& bytes, const std::vector<std::size_t>& cuts,
          bool head_request = false) {
  ResponseReader reader;
  LastAnswer last;
  Read result;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= cuts.size() && !result.malformed; ++i) {
    const std::size_t end = i < cuts.size() ? cuts[i] : bytes.size();
    std::string_view piece = std::string_view(bytes).substr(begin, end - begin);
    begin = end;
    while (!piece.empty()) {
      const auto [outcome, used] = reader.read(piece, last, head_request);
      if (outcome == Outcome::malformed) {
        result.malformed = true;
        result.refusal = std::string(describe(reader.refusal().flaw)) + " at byte " +
                         std::to_string(reader.refusal().byte);
        break;
      }
      piece.remove_prefix(used);
      if (outcome == Outcome::incomplete) break;
      result.statuses.push_back(reader.status());
      result.closes = reader.closes();
    }
  }
  result.ended = !result.malformed && reader.end(head_request) == Outcome::complete;
  if (result.ended) result.statuses.push_back(reader.status());
  return result;
}

// Whole, at every cut, and byte by byte.
Read read_all_ways(const std::string& bytes, bool head_request = false) {
  const Read whole = read(bytes, {}, head_request);
  std::vector<std::size_t> every;
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    every.push_back(cut);
    EXPECT_EQ(read(bytes, {cut}, head_request), whole) << "cut at " << cut << " of: " << bytes;
  }
  EXPECT_EQ(read(bytes, every, head_request), whole) << "byte by byte: " << bytes;
  return whole;
}

TEST(ResponseReader, FindsTheEndsOfAnswers) {
  EXPECT_EQ(read_all_ways(hello + hello + hello).statuses, (std::vector{200, 200, 200}));
  EXPECT_EQ(read_all_ways("HTTP/1.1 204 No Content\r\n\r\n" + hello).statuses,
            (std::vector{204, 200}));
  EXPECT_EQ(read_all_ways("HTTP/1.1 404 x\r\ncontent-length:\t0 \r\n\r\n" + hello).statuses,
            (std::vector{404, 200}));
  EXPECT_EQ(read_all_ways("HTTP/1.1 304 x\r\ncontent-length: 700\r\n\r\n"
                          "HTTP/1.1 304 x\r\ntransfer-encoding: chunked\r\n\r\n" +
                          hello)
                .statuses,
            (std::vector{304, 304, 200}));
}

TEST(ResponseReader, SkipsInterimAnswers) {
  EXPECT_EQ(read_all_ways("HTTP/1.1 100 Continue\r\n\r\n" + hello).statuses, (std::vector{200}));
  const std::string hints =
      "HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\ncontent-length: 9\r\n\r\n";
  EXPECT_EQ(read_all_ways("HTTP/1.1 100 Continue\r\n\r\n" + hints + hints + hello + hello).statuses,
            (std::vector{200, 200}));
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += hints;
  EXPECT_EQ(read(many + hello, {}).statuses, (std::vector{200}));
}

TEST(ResponseReader, KnowsThatAnInterimAnswerBeganTheResponse) {
  ResponseReader reader;
  LastAnswer last;
  EXPECT_FALSE(reader.in_answer());
  reader.read("HTTP/1.1 103 x\r\n\r\n", last, false);
  EXPECT_TRUE(reader.in_answer());
  EXPECT_EQ(reader.read(hello, last, false).outcome, Outcome::complete);
  EXPECT_FALSE(reader.in_answer());
}

const std::string chunked_head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

TEST(ResponseReader, TakesChunkedBodiesApart) {
  for (const std::string body :
       {"0\r\n\r\n", "5\r\nHello\r\n0\r\n\r\n", "2\r\nHe\r\n003\r\nllo\r\n00\r\n\r\n",
        "5;a\r\nHello\r\n0;b=c;d=\"e;f\"\r\n\r\n", "5 ; a\r\nHello\r\n0  \r\n\r\n",
        "a\r\n\r\n0\r\n\r\n0\r\n\r\n0\r\n\r\n", "A\r\n0123456789\r\n0\r\nx-sum: 1\r\ny:\r\n\r\n",
        "1\r\nx\r\n0\r\nx: a\r\n b\r\n\r\n"}) {
    const Read two = read_all_ways(chunked_head + body + hello);
    EXPECT_EQ(two.statuses, (std::vector{200, 200})) << body << two.refusal;
    EXPECT_FALSE(two.closes);
  }
  // Chunks of every size about the powers of 16, as Node writes them.
  for (const std::size_t size : {1U, 9U, 10U, 15U, 16U, 17U, 100U, 255U, 256U, 4095U, 4096U}) {
    std::array<char, 32> digits;
    std::snprintf(digits.data(), digits.size(), "%zX\r\n", size);
    std::string body;
    for (int i = 0; i < 16; ++i) body += digits.data() + std::string(size, 'x') + "\r\n";
    const std::string bytes = chunked_head + body + "0\r\n\r\n" + hello;
    EXPECT_EQ((bytes.size() < 3000 ? read_all_ways(bytes) : read(bytes, {})).statuses,
              (std::vector{200, 200}));
  }
}

TEST(ResponseReader, FramesByTheLastCodingAndBeforeAnyLength) {
  const auto framed = [](const std::string& fields, const std::string& body) {
    return read_all_ways("HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body);
  };
  const std::string chunks = "5\r\nHello\r\n0\r\n\r\n";
  for (const std::string fields :
       {"Transfer-Encoding:Chunked\r\n", "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding:\r\n chunked\r\n", "transfer-encoding: , chunked ,\r\n",
        "content-length: 3\r\ntransfer-encoding: chunked\r\n"}) {
    EXPECT_EQ(framed(fields, chunks + hello).statuses, (std::vector{200, 200})) << fields;
  }
  for (const std::string fields :
       {"transfer-encoding: chunked, gzip\r\n", "transfer-encoding: gzip\r\n"})
    EXPECT_TRUE(framed(fields, chunks + hello).ended) << fields;
}

TEST(ResponseReader, EndsABodyWithoutLengthByTheEndOfTheStream) {
  for (const std::string head :
       {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\ncontent-type: a/b\r\n\r\n",
        "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\n"}) {
    for (const std::string body : {"", "Hello", "HTTP/1.1 200 OK\r\n\r\n"}) {
      const Read result = read_all_ways(head + body);
      EXPECT_TRUE(result.ended);
      EXPECT_EQ(result.statuses, (std::vector{200}));
    }
  }
  EXPECT_FALSE(read_all_ways(hello.substr(0, hello.size() - 1)).ended);
  EXPECT_FALSE(read_all_ways(chunked_head + "5\r\nHello\r\n0\r\n").ended);
  EXPECT_FALSE(read_all_ways("HTTP/1.1 200 OK\r\n").ended);
  EXPECT_FALSE(read_all_ways(hello).ended);
}

TEST(ResponseReader, KeepsConnectionsByTheRulesOfTheVersion) {
  const auto closes = [](const std::string& version, const std::string& field) {
    return read_all_ways("HTTP/" + version + " 200 OK\r\n" + field + "content-length: 0\r\n\r\n")
        .closes;
  };
  EXPECT_FALSE(closes("1.1", ""));
  EXPECT_FALSE(closes("1.1", "connection: keep-alive\r\n"));
  EXPECT_TRUE(closes("1.1", "Connection: x, Close\r\n"));
  EXPECT_TRUE(closes("1.1", "connection: close, keep-alive\r\n"));
  EXPECT_TRUE(closes("1.1", "connection: close\r\nconnection: keep-alive\r\n"));
  EXPECT_TRUE(closes("1.0", ""));
  EXPECT_FALSE(closes("1.0", "connection: Keep-Alive\r\n"));
  EXPECT_TRUE(read_all_ways("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n"
                            "transfer-encoding: chunked\r\n\r\n0\r\n\r\n")
                  .closes);
}

TEST(ResponseReader, TakesWhatTheRulesAllow) {
  for (const std::string head :
       {"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 \xc3\xbc \"ok\"\r\ncontent-length:0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0, 0\r\nContent-Length:\t0\t\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-empty:\r\nx-quoted: \"a: b\"\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\r\n\tcontent-length: 9\r\ncontent-length: 0\r\n\r\n"}) {
    EXPECT_EQ(read_all_ways(head + hello).statuses, (std::vector{200, 200})) << head;
  }
}

TEST(ResponseReader, ExpectsNoBodyForHead) {
  const std::string head = hello.substr(0, hello.size() - 5);
  EXPECT_EQ(read_all_ways(head + head, true).statuses, (std::vector{200, 200}));
  // Its fields are those of an answer with a body, or leave its length open: RFC 9112 section 6.3.
  const std::string bare = "HTTP/1.1 200 OK\r\n\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  EXPECT_EQ(read_all_ways(bare + chunked + head, true).statuses, (std::vector{200, 200, 200}));
}

TEST(ResponseReader, WaitsForABodyOfAnyAnnouncedLength) {
  EXPECT_EQ(read_all_ways("HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\nHello"),
            Read{});
}

TEST(ResponseReader, SeesTheAnnouncedEnd) {
  EXPECT_TRUE(
      read_all_ways("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").closes);
  EXPECT_TRUE(read_all_ways("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n").closes);
  EXPECT_FALSE(read_all_ways(hello).closes);
}

TEST(ResponseReader, RefusesWhatIsNoAnswerWithItsReason) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::pair<std::string, std::string> cases[] = {
      {"HTTP/1.1 200 OK\ncontent-length: 0\n\n",
       "line feed without carriage return in the status line at byte 15"},
      {ok + "content-length: 0\n\n",
       "line feed without carriage return in a field line at byte 34"},
      {ok + "content-length: 0\r\n\n",
       "line feed without carriage return in a field line at byte 36"},
      {"garbage\r\n\r\n", "the response does not begin with HTTP/ at byte 0"},
      {"\r\nHTTP/1.1 200 OK\r\n\r\n", "the response does not begin with HTTP/ at byte 0"},
      {"HTTP/2 200\r\n\r\n", "an HTTP version that is not 1.0 or 1.1 at byte 5"},
      {"HTTP/1.x 200 OK\r\n\r\n", "an HTTP version that is not 1.0 or 1.1 at byte 7"},
      {"HTTP/1.1  200 OK\r\n\r\n", "a status code that is not three digits at byte 9"},
      {"HTTP/1.1 2x0 OK\r\n\r\n", "a status code that is not three digits at byte 10"},
      {"HTTP/1.1 2000 OK\r\n\r\n", "a status code that is not three digits at byte 12"},
      {"HTTP/1.1 20\r\n\r\n", "a status code that is not three digits at byte 11"},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n",
       "status 101, though no request asked to switch protocols at byte 9"},
      {"HTTP/1.1 200 O\rK\r\n\r\n",
       "carriage return without line feed in the status line at byte 14"},
      {ok + "a: b\rc\r\n\r\n", "carriage return without line feed in a field line at byte 21"},
      {ok + "\ra: b\r\n\r\n", "carriage return without line feed in a field line at byte 17"},
      {ok + "a: b\r\n\rc: d\r\n\r\n",
       "carriage return without line feed in a field line at byte 23"},
      {ok + std::string("a: \0\r\n\r\n", 8), "NUL in the head at byte 20"},
      {ok + " a: b\r\n\r\n", "a blank before the first field at byte 17"},
      {ok + "no colon\r\n\r\n", "a field line without a colon at byte 19"},
      {ok + "a : b\r\n\r\n", "a field name that is not a token at byte 18"},
      {ok + ": b\r\n\r\n", "a field name that is not a token at byte 17"},
      {ok + "content-length: 1x\r\n\r\n", "a content-length that is not a number at byte 33"},
      {ok + "content-length: -1\r\n\r\n", "a content-length that is not a number at byte 33"},
      {ok + "content-length: 18446744073709551616\r\n\r\n",
       "a content-length that is not a number at byte 33"},
      {ok + "content-length: 1\r\ncontent-length: 2\r\n\r\n",
       "two content-lengths that differ at byte 52"},
      {ok + "transfer-encoding: chunked, chunked\r\n\r\n",
       "a transfer-encoding that applies chunked twice at byte 36"},
      {ok + "transfer-encoding: chunked;a=b\r\n\r\n",
       "a transfer-encoding that gives chunked parameters at byte 36"},
      {chunked_head + "x\r\n", "a chunk size that is not a hexadecimal number at byte 47"},
      {chunked_head + "\r\n", "a chunk size that is not a hexadecimal number at byte 47"},
      {chunked_head + "-1\r\n", "a chunk size that is not a hexadecimal number at byte 47"},
      {chunked_head + "10000000000000000\r\n", "a chunk size of 2^64 or more at byte 63"},
      {chunked_head + "5x\r\n",
       "a character behind the chunk size that begins no extension at byte 48"},
      {chunked_head + "5\nHello", "line feed without carriage return in a chunk line at byte 48"},
      {chunked_head + "5\rHello", "carriage return without line feed in a chunk line at byte 49"},
      {chunked_head + "5;a\nHello", "line feed without carriage return in a chunk line at byte 50"},
      {chunked_head + "4\r\nHello\r\n",
       "chunk data that does not end with CR LF where its size says at byte 54"},
      {chunked_head + "5\r\nHello\n0\r\n\r\n",
       "chunk data that does not end with CR LF where its size says at byte 55"},
      {chunked_head + "0\r\n\n",
       "line feed without carriage return in the trailer section at byte 50"},
      {chunked_head + "0\r\na: b\n",
       "line feed without carriage return in the trailer section at byte 54"},
      {chunked_head + "0\r\nHTTP/1.1 200 OK\r\n\r\n",
       "a trailer line that is not a field at byte 54"},
  };
  for (const auto& [bad, reason] : cases) {
    // Behind another response as well: bytes are counted from its begin.
    EXPECT_EQ(read_all_ways(bad).refusal, reason) << bad;
    EXPECT_EQ(read_all_ways(hello + bad).refusal, reason) << bad;
  }
  const std::string many(1 << 20, 'x');
  EXPECT_EQ(read(ok + "x: " + many, {}).refusal, "a head longer than 64 KiB at byte 65536");
  EXPECT_EQ(read(ok + "x: " + many, {1000, 50'000, 100'000}).refusal,
            "a head longer than 64 KiB at byte 65536");
  EXPECT_EQ(read(chunked_head + "5;" + many, {}).refusal,
            "a chunk line longer than 16 KiB at byte 16431");
  EXPECT_EQ(read(chunked_head + "0\r\nx:" + many, {}).refusal,
            "a trailer section longer than 64 KiB at byte 65586");
}

TEST(ResponseReader, ComparesBodiesWithWhatTheTargetAsksFor) {
  const auto is_good = [](std::string_view target, const std::string& body) {
    const ExpectedBody expected(target);
    const std::string bytes =
        "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    std::string chunks = chunked_head;
    for (const char c : body) chunks += std::string("1\r\n") + c + "\r\n";
    ResponseReader chunk_reader;
    LastAnswer nothing;
    EXPECT_EQ(chunk_reader.read(chunks + "0\r\n\r\n", nothing, false, &expected).outcome,
              Outcome::complete);
    bool whole = false;
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      ResponseReader reader;
      LastAnswer last;
      auto result = Outcome::incomplete;
      for (const auto& piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
        if (!piece.empty()) result = reader.read(piece, last, false, &expected).outcome;
      }
      EXPECT_EQ(result, Outcome::complete) << cut;
      if (cut == 0) whole = reader.body_is_good();
      EXPECT_EQ(reader.body_is_good(), whole) << cut;
      EXPECT_TRUE(whole || last.bytes().empty());
    }
    EXPECT_EQ(chunk_reader.body_is_good(), whole);
    return whole;
  };
  EXPECT_TRUE(is_good("/", "Hello"));
  EXPECT_TRUE(is_good("/cpu/5?x", "Hello"));
  EXPECT_FALSE(is_good("/", "Hallo"));
  EXPECT_FALSE(is_good("/", "Hello!"));
  EXPECT_FALSE(is_good("/", ""));
  std::string pattern;
  for (std::size_t i = 0; i < 200; ++i)
    pattern += workload::pattern_alphabet[i % workload::pattern_alphabet.size()];
  EXPECT_TRUE(is_good("/bytes/200", pattern));
  EXPECT_FALSE(is_good("/bytes/201", pattern));
  std::swap(pattern[150], pattern[151]);
  EXPECT_FALSE(is_good("/bytes/200", pattern));
}

TEST(ResponseReader, DoesNotTakeASimilarAnswerForTheLastOne) {
  std::string other = hello;
  other.replace(other.find("200"), 3, "500");
  EXPECT_EQ(read_all_ways(hello + other + hello).statuses, (std::vector{200, 500, 200}));
}

}  // namespace
}  // namespace duelio::loadgen
