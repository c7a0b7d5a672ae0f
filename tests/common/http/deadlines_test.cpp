// What a connection without a clock says of its deadlines, and what it does when one has passed.
#include <array>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/common/http/driver.h"

namespace duelio::http {
namespace {

constexpr std::array all_buffers{Buffers::lent, Buffers::owned, Buffers::provided};
const std::string get = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const std::string post = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n";
const std::string timed_out =
    "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n"
    "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nconnection: close\r\n\r\n";

class ConnectionDeadlines : public testing::TestWithParam<Buffers> {
 protected:
  Phase phase_after(std::string_view bytes) {
    driver_.deliver(bytes);
    return driver_.connection.phase();
  }
  bool begins_again_after(std::string_view bytes) {
    const std::uint32_t before = driver_.connection.progress();
    driver_.deliver(bytes);
    return driver_.connection.progress() != before;
  }
  // As a driver that has done what is wanted, and sees the end of the time.
  void expire() {
    driver_.scramble();
    driver_.connection.expire();
    driver_.flush();
  }

  Driver driver_{GetParam()};
};

TEST_P(ConnectionDeadlines, AreOfWhatIsWaitedFor) {
  EXPECT_EQ(driver_.connection.phase(), Phase::idle);
  EXPECT_EQ(phase_after("\r\n\r"), Phase::idle);
  EXPECT_EQ(phase_after("\nGET /"), Phase::head);
  EXPECT_EQ(phase_after(" HTTP/1.1\r\nhost: a\r\n\r\n"), Phase::idle);
  EXPECT_EQ(phase_after(get + "G"), Phase::head);
  EXPECT_EQ(phase_after(get.substr(1) + post), Phase::body);
  EXPECT_EQ(phase_after("12345678"), Phase::body);
  EXPECT_EQ(phase_after("9"), Phase::idle);
  EXPECT_EQ(phase_after("BAD\r\n"), Phase::linger);
}

TEST_P(ConnectionDeadlines, BeginAgainWithProgressAlone) {
  EXPECT_TRUE(begins_again_after(get));
  EXPECT_TRUE(begins_again_after(get));
  EXPECT_FALSE(begins_again_after("\r\n"));  // or a peer could hold an idle connection for ever
  EXPECT_FALSE(begins_again_after("POST / HTTP/1.1\r\n"));
  EXPECT_FALSE(begins_again_after("host: a\r\n"));
  driver_.deliver("content-length: 9\r\n\r\n");
  EXPECT_TRUE(begins_again_after("1"));
  EXPECT_TRUE(begins_again_after("2"));
  EXPECT_TRUE(begins_again_after("3456789GET /"));  // the next head's is not this one's
  EXPECT_FALSE(begins_again_after("x"));
  driver_.deliver(" HTTP/9.1\r\n");
  EXPECT_EQ(driver_.connection.phase(), Phase::linger);
  EXPECT_FALSE(begins_again_after("more"));
}

TEST_P(ConnectionDeadlines, OfAWriteBeginAgainWithEachPieceThatIsTaken) {
  const std::string request = "GET /bytes/100000 HTTP/1.1\r\nhost: a\r\n\r\n";
  driver_.buffers == Buffers::provided ? driver_.provide(request) : driver_.receive(request);
  EXPECT_EQ(driver_.connection.phase(), Phase::write);
  const std::uint32_t before = driver_.connection.progress();
  driver_.connection.consume(0);
  EXPECT_EQ(driver_.connection.progress(), before);
  driver_.connection.consume(1);
  EXPECT_NE(driver_.connection.progress(), before);
  EXPECT_EQ(driver_.connection.phase(), Phase::write);
  driver_.connection.expire();
  EXPECT_EQ(driver_.connection.want(), Want::close);
  EXPECT_TRUE(driver_.connection.output().empty());
}

TEST_P(ConnectionDeadlines, EndAnIdleConnectionSilently) {
  for (const std::string_view before : {std::string_view{}, std::string_view(get)}) {
    Driver driver(GetParam());
    driver.deliver(before);
    const std::string sent = driver.sent;
    EXPECT_EQ(driver.connection.expire(), Want::close);
    EXPECT_EQ(driver.sent, sent);
  }
}

// With all that follows a refusal: what comes late is discarded, and has no answer.
TEST_P(ConnectionDeadlines, AreAnsweredWhereSomethingOfARequestHadArrived) {
  for (const std::string& part : {post.substr(0, 1), post.substr(0, 30), post, post + "12345678"}) {
    Driver driver(GetParam());
    driver.deliver(part);
    driver.scramble();
    ASSERT_EQ(driver.connection.expire(), Want::write) << part;
    driver.flush();
    EXPECT_EQ(driver.sent, timed_out);
    EXPECT_TRUE(driver.half_closed);
    EXPECT_EQ(driver.connection.phase(), Phase::linger);
    driver.deliver((post + "123456789" + get).substr(part.size()));
    EXPECT_EQ(driver.sent, timed_out);
    EXPECT_EQ(driver.workspace->rejections, 1U);
    EXPECT_EQ(driver.workspace->requests, 0U);
    EXPECT_EQ(driver.connection.expire(), Want::close);
  }
}

TEST_P(ConnectionDeadlines, KeepTheAnswersBeforeInOrder) {
  driver_.deliver(get + get.substr(0, 9));
  const std::string first = driver_.sent;
  EXPECT_TRUE(first.starts_with("HTTP/1.1 200"));
  expire();
  EXPECT_EQ(driver_.sent, first + timed_out);
}

// A driver that keeps its buffers may send the answer later, when another has used the scratch.
TEST_P(ConnectionDeadlines, LeaveAnAnswerThatOutlivesTheScratch) {
  driver_.deliver("GET");
  driver_.connection.expire();
  if (GetParam() == Buffers::lent) driver_.connection.consume(0);
  driver_.scramble();
  driver_.flush();
  EXPECT_EQ(driver_.sent, timed_out);
}

std::string name_of(const testing::TestParamInfo<Buffers>& test) {
  constexpr std::array names{"Lent", "Owned", "Provided"};
  return names[static_cast<std::size_t>(test.param)];
}

INSTANTIATE_TEST_SUITE_P(Buffers, ConnectionDeadlines, testing::ValuesIn(all_buffers), name_of);

}  // namespace
}  // namespace duelio::http
