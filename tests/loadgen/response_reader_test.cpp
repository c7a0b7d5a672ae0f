#include "loadgen/response_reader.h"

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
        break;
      }
      piece.remove_prefix(used);
      if (outcome == Outcome::incomplete) break;
      result.statuses.push_back(reader.status());
      result.closes = reader.closes();
    }
  }
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

TEST(ResponseReader, RefusesWhatIsNoAnswer) {
  for (const std::string bad :
       {"garbage\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"}) {
    EXPECT_TRUE(read_all_ways(bad).malformed) << bad;
  }
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\nx: " + std::string(1 << 20, 'x'), {}).malformed);
}

TEST(ResponseReader, ComparesBodiesWithWhatTheTargetAsksFor) {
  const auto is_good = [](std::string_view target, const std::string& body) {
    const ExpectedBody expected(target);
    const std::string bytes =
        "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
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
