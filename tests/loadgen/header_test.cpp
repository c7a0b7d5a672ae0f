// What a request says: its fields and its body.
#include "loadgen/header.h"

#include <memory>
#include <stdexcept>

#include <gtest/gtest.h>

#include "loadgen/requests.h"

namespace duelio::loadgen {
namespace {

TEST(Header, IsANameAndAValue) {
  const auto parsed = [](std::string_view text) {
    const Header header = parse_header(text);
    return header.name + "|" + header.value;
  };
  EXPECT_EQ(parsed("content-type: application/json"), "content-type|application/json");
  EXPECT_EQ(parsed("Host:example.com:8080"), "Host|example.com:8080");
  EXPECT_EQ(parsed("host: [::1]:80"), "host|[::1]:80");
  EXPECT_EQ(parsed("x-empty:"), "x-empty|");
  EXPECT_EQ(parsed("x:\t \"a: b\" \xc3\xbc \t"), "x|\"a: b\" \xc3\xbc");
}

TEST(Header, ThatWouldBreakTheRequestIsRefused) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "no colon"},
      {"name", "no colon"},
      {": value", "not a token"},
      {"na me: value", "not a token"},
      {"name : value", "not a token"},
      {"na\r\nme: value", "not a token"},
      {"n\xc3\xa4me: value", "not a token"},
      {"name: a\r\nb: c", "line end"},
      {"name: a\nb", "line end"},
      {"name: a\rb", "line end"},
      {std::string("name: a\0b", 9), "control character"},
      {"name: a\x1b", "control character"},
      {"content-length: 5", "generator itself"},
      {"Content-Length: 5", "generator itself"},
      {"TRANSFER-ENCODING: chunked", "generator itself"},
      {"host: a b", "not a host"},
      {"host: u@h", "not a host"},
      {"host: http://h/", "not a host"},
  };
  for (const auto& [text, reason] : cases) {
    try {
      parse_header(text);
      ADD_FAILURE() << text << " was taken";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(reason), std::string::npos)
          << text << ": " << error.what();
    }
  }
}

TEST(Header, ASecretIsNotShown) {
  EXPECT_EQ(shown({"Authorization", "Bearer x"}), "Authorization: ...");
  EXPECT_EQ(shown({"cookie", "a=b"}), "cookie: ...");
  EXPECT_EQ(shown({"accept", "*/*"}), "accept: */*");
}

std::string request_of(const Options& options) {
  const Requests requests(options, 0, false);
  EXPECT_EQ(requests.count(), options.pipeline);
  return requests.bytes().substr(0, requests.size(0));
}

TEST(Header, RequestsSayWhereTheyGoAndHowLongTheyAre) {
  Options options;
  options.host_field = "h:8000";
  EXPECT_EQ(request_of(options), "GET / HTTP/1.1\r\nhost: h:8000\r\n\r\n");
  options.headers = {{"Host", "other"}, {"x", "1"}, {"x", "2"}};
  EXPECT_EQ(request_of(options), "GET / HTTP/1.1\r\nHost: other\r\nx: 1\r\nx: 2\r\n\r\n");
  options.headers.clear();
  for (const std::string method : {"POST", "PUT", "PATCH"}) {
    options.method = method;
    EXPECT_EQ(request_of(options),
              method + " / HTTP/1.1\r\nhost: h:8000\r\ncontent-length: 0\r\n\r\n");
  }
  for (const std::string method : {"HEAD", "DELETE", "OPTIONS", "post"}) {
    options.method = method;
    EXPECT_EQ(request_of(options), method + " / HTTP/1.1\r\nhost: h:8000\r\n\r\n");
  }
  options.method = "POST";
  options.pipeline = 3;
  options.body = std::make_shared<const std::string>("{\"a\":1}\n");
  options.body_bytes = options.body_bytes_max = options.body->size();
  EXPECT_EQ(request_of(options),
            "POST / HTTP/1.1\r\nhost: h:8000\r\ncontent-length: 8\r\n\r\n{\"a\":1}\n");
}

}  // namespace
}  // namespace duelio::loadgen
