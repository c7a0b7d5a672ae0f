#include "common/http/connection.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/common/http/driver.h"
#include "tests/support/pieces.h"

namespace duelio::http {
namespace {

const std::string hello =
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n"
    "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nHello";
constexpr std::array all_buffers{Buffers::lent, Buffers::owned, Buffers::provided};
const std::string get = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

std::string with_close(std::string answer) {
  answer.insert(answer.find("\r\n\r\n"), "\r\nconnection: close");
  return answer;
}

std::string refusal(const std::string& status) {
  return "HTTP/1.1 " + status +
         "\r\ncontent-length: 0\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nconnection: "
         "close\r\n\r\n";
}

// What `bytes` are answered, which must not depend on how they arrive, who owns the buffers, or how
// much of the output the socket takes at a time.
Result answer_to(const std::string& bytes, const Limits& limits = {}, bool end_of_stream = false) {
  const Result whole = run({bytes}, Buffers::lent, limits, SIZE_MAX, end_of_stream);
  for (const Buffers buffers : all_buffers) {
    for (const std::size_t send_limit : {SIZE_MAX, std::size_t{7}}) {
      test::for_every_arrival(bytes, [&](const Pieces& pieces) {
        EXPECT_EQ(run(pieces, buffers, limits, send_limit, end_of_stream), whole)
            << pieces.size() << " pieces, the first of " << pieces[0].size() << " bytes of "
            << bytes;
      });
    }
  }
  return whole;
}

TEST(Connection, AnswersHello) {
  EXPECT_EQ(answer_to(get), (Result{hello, false, false}));
}

TEST(Connection, AnswersPipelinedRequestsInOrder) {
  const std::string head_request = "HEAD /bytes/9 HTTP/1.1\r\nhost: a\r\n\r\n";
  const std::string sized_request = "GET /bytes/3 HTTP/1.1\r\nhost: a\r\n\r\n";
  EXPECT_EQ(answer_to(get + head_request + sized_request + get).sent,
            hello +
                "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: 9\r\n"
                "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"
                "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: 3\r\n"
                "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n012" +
                hello);
}

TEST(Connection, WaitsForTheWholeBody) {
  const std::string head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 40\r\n\r\n";
  const std::string body = "GET / HTTP/1.1\r\nhost: evil\r\n\r\n0123456789";
  ASSERT_EQ(body.size(), 40U);
  EXPECT_EQ(answer_to(head + body.substr(0, 39)).sent, "");
  EXPECT_EQ(answer_to(head + body + get).sent, hello + hello);
}

TEST(Connection, ClosesWhenAskedTo) {
  EXPECT_EQ(answer_to("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
            (Result{with_close(hello), true, false}));
  EXPECT_EQ(answer_to("GET / HTTP/1.0\r\n\r\n"), (Result{with_close(hello), true, false}));
}

TEST(Connection, TellsAnOldClientThatItKeepsTheConnection) {
  std::string kept = hello;
  kept.insert(kept.find("\r\n\r\n"), "\r\nconnection: keep-alive");
  EXPECT_EQ(answer_to("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"),
            (Result{kept, false, false}));
}

TEST(Connection, AnswersNothingBehindTheLastRequest) {
  Driver driver(Buffers::lent);
  driver.deliver("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n" + get);
  EXPECT_EQ(driver.sent, with_close(hello));
  EXPECT_TRUE(driver.half_closed);  // bytes were left over: close(2) would reset
}

TEST(Connection, RefusesInOrderAndLingers) {
  EXPECT_EQ(answer_to(get + "BAD\r\n\r\n" + get + get),
            (Result{hello + refusal("400 Bad Request"), false, true}));
}

TEST(Connection, NamesEachRefusal) {
  const Limits limits{.head = 200, .body = 100'000};
  const std::string long_word(300, 'x');
  const auto refused = [&](const std::string& request) { return answer_to(request, limits).sent; };
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100001\r\n\r\n"),
            refusal("413 Content Too Large"));
  EXPECT_EQ(refused("GET /" + long_word), refusal("414 URI Too Long"));
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nx: " + long_word),
            refusal("431 Request Header Fields Too Large"));
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nhost: a\r\nexpect: x\r\n\r\n"),
            refusal("417 Expectation Failed"));
  EXPECT_EQ(refused("GET / HTTP/3.0\r\n"), refusal("505 HTTP Version Not Supported"));
  EXPECT_EQ(refused("CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n"), refusal("501 Not Implemented"));
}

TEST(Connection, NeverAnswersASmuggledRequest) {
  const std::string smuggled = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
  const std::vector<std::string> shapes{
      "content-length: 40\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
      "transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
      "transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
      "transfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n0\r\n\r\n",
      "transfer-encoding:\x0b"
      "chunked\r\n\r\n0\r\n\r\n",
      "x: y\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "content-length: 5\r\ncontent-length: 0\r\n\r\n",
      "content-length: 0, 5\r\n\r\n",
      "content-length: +5\r\n\r\n",
  };
  for (const std::string& shape : shapes) {
    const std::string sent = answer_to("POST / HTTP/1.1\r\nhost: a\r\n" + shape + smuggled).sent;
    EXPECT_TRUE(sent.starts_with("HTTP/1.1 400") || sent.starts_with("HTTP/1.1 501"))
        << shape << sent;
    EXPECT_EQ(sent.find("HTTP/1.1", 1), std::string::npos) << shape << sent;
  }
}

TEST(Connection, SaysContinueOnlyWhenTheBodyHasStillToCome) {
  const std::string head =
      "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n";
  const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  Driver patient(Buffers::lent);
  patient.deliver(head);
  EXPECT_EQ(patient.sent, go_on);
  patient.deliver("abc");
  EXPECT_EQ(patient.sent, go_on + hello);

  Driver eager(Buffers::lent);
  eager.deliver(head + "a");
  EXPECT_EQ(eager.sent, "");
  eager.deliver("bc");
  EXPECT_EQ(eager.sent, hello);

  Driver bodiless(Buffers::lent);
  bodiless.deliver("GET / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\r\n");
  EXPECT_EQ(bodiless.sent, hello);
}

TEST(Connection, DiscardsABoundedAmountAfterARefusal) {
  Driver driver(Buffers::lent, {.head = 100, .body = 50'000});
  driver.deliver("BAD\r\n");
  driver.deliver(std::string(49'000, 'x'));
  EXPECT_EQ(driver.connection.want(), Want::read);
  driver.deliver(std::string(2'000, 'x'));
  EXPECT_EQ(driver.connection.want(), Want::close);
  EXPECT_EQ(driver.sent, refusal("400 Bad Request"));
}

TEST(Connection, TreatsEndOfStreamAsInput) {
  EXPECT_EQ(answer_to(get + get, {}, true), (Result{hello + hello, true, false}));
  EXPECT_EQ(answer_to(get + get.substr(0, 9), {}, true), (Result{hello, true, false}));
}

TEST(Connection, StreamsLargeAnswersFromOnePattern) {
  constexpr std::size_t size = 1'000'003;
  for (const std::size_t send_limit : {SIZE_MAX, std::size_t{1013}}) {
    Driver driver(Buffers::lent, {}, send_limit);
    driver.deliver("GET /bytes/1000003 HTTP/1.1\r\nhost: a\r\n\r\n" + get);
    const std::size_t body = driver.sent.find("\r\n\r\n") + 4;
    ASSERT_EQ(driver.sent.size(), body + size + hello.size());
    for (std::size_t i = 0; i < size; ++i) {
      ASSERT_EQ(driver.sent[body + i], workload::pattern_alphabet[i % 64]) << i;
    }
    EXPECT_TRUE(driver.sent.ends_with(hello));
  }
}

TEST(Connection, TreatsTargetsOutOfRangeAsAnyOther) {
  for (const char* target : {"/bytes/", "/bytes/x", "/bytes/-1", "/bytes/67108865", "/cpu/",
                             "/cpu/1.5", "/cpu/99999999999", "/bytes/1/2", "/x"}) {
    EXPECT_EQ(answer_to("GET " + std::string(target) + " HTTP/1.1\r\nhost: a\r\n\r\n").sent, hello)
        << target;
  }
}

// RFC 3986: where the path ends (3.3), what it is equivalent to (6.2.2).
TEST(Connection, FindsThePathInEveryFormOfATarget) {
  const auto answer = [](const std::string& method, const std::string& target) {
    return answer_to(method + " " + target + " HTTP/1.1\r\nhost: a\r\n\r\n").sent;
  };
  const std::string five = answer("GET", "/bytes/5");
  EXPECT_THAT(five, testing::EndsWith("01234"));
  for (const char* target :
       {"/bytes/5?", "/bytes/5?/bytes/6", "http://a/bytes/5", "http://a:80/bytes/5?x=http://b/y",
        "http://user:secret@a/bytes/5", "HTTPS://[::1]/bytes/5", "/%62ytes/5", "/%62%79tes/%35",
        "/bytes/%35", "/./bytes/5", "/../bytes/5", "/x/../bytes/5", "/bytes/x/y/../%2E%2e/./5",
        "/%2e/bytes/5", "http://a/x/../bytes/5", "/bytes/000000000000000000000000000005"}) {
    EXPECT_EQ(answer("GET", target), five) << target;
  }
  for (const char* target : {"/?/bytes/5",
                             "http://a?r=/bytes/5",
                             "http://a?next=/cpu/1000000000",
                             "http://a",
                             "http://u/@a/bytes/5",
                             "/bytes%2F5",
                             "/bytes%2f5",
                             "/%2Fbytes/5",
                             "//bytes/5",
                             "/bytes//5",
                             "/bytes/5/",
                             "/bytes/5/.",
                             "/bytes/5/x/..",
                             "/bytes/5%",
                             "/bytes/%3",
                             "/bytes/%zz",
                             "/BYTES/5",
                             "/bytes/5;x",
                             "/bytes/5%00",
                             "/..",
                             "/../..",
                             "/.",
                             "/x/bytes/5"}) {
    EXPECT_EQ(answer("GET", target), hello) << target;
  }
  EXPECT_EQ(answer("OPTIONS", "*"), hello);
  EXPECT_EQ(answer("GET", "/bytes/5#x"), refusal("400 Bad Request"));
}

// RFC 9112 section 2.2. It is nothing that a stop would have to wait for, and needs no buffer.
TEST(Connection, IsIdleBehindAnEmptyLine) {
  const std::string post = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 7\r\n\r\n{\"a\":1}";
  for (const std::string lines : {"\r\n", "\r\n\r\n", "\r\n\r"}) {
    for (const std::string& requests : {post + lines, "\r\n" + post + "\r\n\r\n" + post + lines}) {
      for (const Buffers buffers : all_buffers) {
        test::for_every_arrival(requests, [&](const Pieces& pieces) {
          Driver driver(buffers);
          for (const std::string_view piece : pieces) driver.deliver(piece);
          EXPECT_EQ(driver.sent, requests.size() > 2 * post.size() ? hello + hello : hello);
          EXPECT_TRUE(driver.connection.is_idle());
          if (buffers == Buffers::lent && lines.ends_with('\n')) {
            EXPECT_EQ(driver.connection.memory_in_use(), 0U);
          }
          driver.deliver(lines.ends_with('\n') ? get : "\n" + get);
          EXPECT_THAT(driver.sent, testing::EndsWith(hello));
        });
      }
    }
  }
}

TEST(Connection, TakesAnyNumberOfEmptyLinesHoweverTheyArrive) {
  std::string lines;
  for (int i = 0; i < 40; ++i) lines += "\r\n";
  EXPECT_EQ(answer_to(lines + get + lines + get, {.head = 64}).sent, hello + hello);
  EXPECT_EQ(answer_to(get + "\r" + get).sent, hello + refusal("400 Bad Request"));
}

TEST(Connection, BoundsWhatAPeerThatNeverReadsCosts) {
  Driver driver(Buffers::lent);
  std::string requests;
  while (requests.size() + get.size() <= Workspace::receive_size) requests += get;
  const std::size_t count = requests.size() / get.size();
  const std::span<char> room = driver.connection.prepare();
  std::memcpy(room.data(), requests.data(), requests.size());
  ASSERT_EQ(driver.connection.commit(requests.size()), Want::write);
  EXPECT_LE(driver.connection.output().size(), Workspace::send_size);
  EXPECT_EQ(driver.connection.consume(0),
            Want::write);  // and no read is asked for until all is sent
  driver.scramble();
  driver.flush();
  EXPECT_EQ(driver.connection.want(), Want::read);
  std::string expected;
  for (std::size_t i = 0; i < count; ++i) expected += hello;
  EXPECT_EQ(driver.sent, expected);
}

TEST(Connection, AnnouncesTheLastAnswerWhenDraining) {
  Driver driver(Buffers::owned);
  driver.deliver(get);
  EXPECT_TRUE(driver.connection.is_idle());
  driver.connection.begin_drain();
  driver.deliver(get.substr(0, 5));
  EXPECT_FALSE(driver.connection.is_idle());
  driver.deliver(get.substr(5));
  EXPECT_EQ(driver.sent, hello + with_close(hello));
  EXPECT_EQ(driver.connection.want(), Want::close);
}

// Random streams of good and bad requests, cut at random: the same answers as in one piece.
TEST(Connection, AnswersRandomStreamsAlikeHoweverCut) {
  const std::vector<std::string> parts{
      get,
      "HEAD / HTTP/1.1\r\nhost: a\r\n\r\n",
      "POST /bytes/40000 HTTP/1.1\r\nhost: a\r\ncontent-length: 3000\r\n\r\n" +
          std::string(3000, 'b'),
      "POST / HTTP/1.1\r\nhost: a\r\nContent-Length:\t2\r\n\r\nxy",
      "GET /bytes/20000 HTTP/1.1\r\nhost: a\r\nx: " + std::string(3000, 'v') + "\r\n\r\n",
      "\r\nOPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
      "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"};
  const std::vector<std::string> ends{
      "GET / HTTP/1.0\r\n\r\n", "BAD", "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"};
  std::mt19937_64 random(20261123);
  for (int trial = 0; trial < 2000; ++trial) {
    std::string stream;
    for (std::size_t i = random() % 12; i > 0; --i) stream += parts[random() % parts.size()];
    if (random() % 2 == 0) stream += ends[random() % ends.size()];
    if (stream.empty()) continue;
    const auto pieces = test::cut_at_random(stream, random);
    const Buffers buffers = all_buffers[random() % all_buffers.size()];
    const std::size_t send_limit = random() % 2 == 0 ? SIZE_MAX : 1 + random() % 5000;
    ASSERT_EQ(run(pieces, buffers, {}, send_limit, false),
              run({stream}, Buffers::lent, {}, SIZE_MAX, false))
        << "trial " << trial;
  }
}

TEST(DateClock, ShowsTheDateOfHttp) {
  DateClock clock(0);
  DateClock::Text text;
  const std::uint32_t first = clock.read(text);
  EXPECT_EQ(std::string_view(text.data(), DateClock::size), "Thu, 01 Jan 1970 00:00:00 GMT");
  clock.set(951782400);
  EXPECT_NE(clock.read(text), first);
  EXPECT_EQ(std::string_view(text.data(), DateClock::size), "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST(Workspace, RefreshesTheDateOfItsAnswers) {
  DateClock clock(0);
  const auto workspace = std::make_unique<Workspace>(Limits{}, clock);
  EXPECT_NE(workspace->hello().find("1970"), std::string_view::npos);
  clock.set(951782400);
  EXPECT_NE(workspace->hello().find("29 Feb 2000"), std::string_view::npos);
}

}  // namespace
}  // namespace duelio::http
