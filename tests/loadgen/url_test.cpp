#include "loadgen/url.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace duelio::loadgen {
namespace {

TEST(Url, TargetsAreWhatStandsBehindTheAuthority) {
  const std::pair<const char*, const char*> cases[] = {
      {"http://127.0.0.1:8000", "/"},
      {"http://127.0.0.1:8000/", "/"},
      {"http://127.0.0.1:8000?c=1", "/?c=1"},
      {"http://127.0.0.1:8000?next=/a", "/?next=/a"},
      {"http://127.0.0.1:8000?next=http://b:9/", "/?next=http://b:9/"},
      {"http://127.0.0.1:8000?u=a@b", "/?u=a@b"},
      {"http://127.0.0.1:8000/#top", "/"},
      {"http://127.0.0.1:8000#top", "/"},
      {"http://127.0.0.1:8000#a?b/c@d", "/"},
      {"http://127.0.0.1:8000?a#b?c", "/?a"},
      {"http://127.0.0.1:8000/a/../b;v=1/%7e?x=%20&y=(1)!*'+$,~#\x80",
       "/a/../b;v=1/%7e?x=%20&y=(1)!*'+$,~"},
      {"http://127.0.0.1:8000//a", "//a"},
      {"http://127.0.0.1:8000/?", "/?"},
      {"http://127.0.0.1:8000/@:a", "/@:a"},
      {"HTTP://127.0.0.1:8000/x", "/x"},
  };
  for (const auto& [text, target] : cases) {
    const Url url = parse_url(text);
    EXPECT_EQ(url.target, target) << text;
    EXPECT_EQ(url.host, "127.0.0.1") << text;
    EXPECT_EQ(url.port, 8000) << text;
  }
}

TEST(Url, TheHostFieldHasNoDefaultPortAndNoZone) {
  struct Case {
    const char* text;
    const char* host;
    std::uint16_t port;
    const char* field;
  };
  const Case cases[] = {
      {"http://localhost", "localhost", 80, "localhost"},
      {"http://localhost:80/", "localhost", 80, "localhost"},
      {"http://localhost:/", "localhost", 80, "localhost"},
      {"http://localhost:0080/", "localhost", 80, "localhost"},
      {"http://localhost:65535/", "localhost", 65535, "localhost:65535"},
      {"http://a-b.c_d.example.:81/", "a-b.c_d.example.", 81, "a-b.c_d.example.:81"},
      {"http://[::1]", "::1", 80, "[::1]"},
      {"http://[::1]:80?x", "::1", 80, "[::1]"},
      {"http://[::ffff:127.0.0.1]:8000/", "::ffff:127.0.0.1", 8000, "[::ffff:127.0.0.1]:8000"},
      {"http://[fe80::1%25lo]:8000/", "fe80::1%lo", 8000, "[fe80::1]:8000"},
  };
  for (const Case& each : cases) {
    const Url url = parse_url(each.text);
    EXPECT_EQ(url.host, each.host) << each.text;
    EXPECT_EQ(url.port, each.port) << each.text;
    EXPECT_EQ(url.host_field, each.field) << each.text;
  }
}

TEST(Url, WhatIsNoneIsRefusedByName) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "does not begin with http://"},
      {"localhost:8000/", "does not begin with http://"},
      {"http:/localhost/", "does not begin with http://"},
      {"https://localhost/", "https://: TLS"},
      {"HTTPS://localhost/", "https://: TLS"},
      {"ftp://localhost/", "ftp://"},
      {"http://", "no host"},
      {"http:///a", "no host"},
      {"http://:80/", "no host"},
      {"http://?a", "no host"},
      {"http://h:0/", "'0', which is not between 1 and 65535"},
      {"http://h:65536/", "'65536', which is not between 1 and 65535"},
      {"http://h:99999999999999999999/", "which is not between 1 and 65535"},
      {"http://h:80a/", "'80a', which is not a number"},
      {"http://h:8\n0/", "byte 0x0a in its port"},
      {"http://[::1]\r/", "byte 0x0d in its port"},
      {"http://h:-1/", "'-1', which is not a number"},
      {"http://h:+1/", "'+1', which is not a number"},
      {"http://h: 80/", "which is not a number"},
      {"http://::1/", "stands in brackets"},
      {"http://::1:8000/", "stands in brackets"},
      {"http://[::1/", "closing ']'"},
      {"http://[]/", "not an IPv6 address"},
      {"http://[127.0.0.1]/", "not an IPv6 address"},
      {"http://[v1.x]/", "not an IPv6 address"},
      {"http://[::1]8000/", "behind its address"},
      {"http://[::1]x:80/", "behind its address"},
      {"http://[fe80::1%lo]/", "zone"},
      {"http://[fe80::1%25]/", "zone"},
      {"http://a b/", "a blank in its host"},
      {"http://a|b/", "'|' in its host"},
      {"http://a%20b/", "'%' in its host"},
      {"http://m\xc3\xbcnchen/", "xn--"},
      {"http://u@h/", "user-info"},
      {"http://u:p@h/", "user-info"},
      {"http://@h/", "user-info"},
      {"http://u:p@[::1]:80/", "user-info"},
      {"http://h/m\xc3\xbcnchen", "percent-encoded: %C3"},
      {"http://h?q=\xfc", "percent-encoded: %FC"},
      {"http://h/a b", "percent-encoded: %20"},
      {"http://h/a\tb", "percent-encoded: %09"},
      {"http://h/a\r\nx: y", "percent-encoded: %0D"},
      {"http://h/\x7f", "percent-encoded: %7F"},
      {"http://h/\"", "percent-encoded: %22"},
      {"http://h/?a[]=1", "percent-encoded: %5B"},
      {"http://h/a\\b", "percent-encoded: %5C"},
      {"http://h/100%", "%25"},
      {"http://h/%4", "%25"},
      {"http://h/%zz", "%25"},
  };
  for (const auto& [text, reason] : cases) {
    try {
      parse_url(text);
      ADD_FAILURE() << text << " was taken";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(reason), std::string::npos)
          << text << ": " << error.what();
      for (const char c : std::string(error.what())) EXPECT_TRUE(c >= ' ' && c < 0x7f) << text;
    }
  }
}

TEST(Url, UserInfoIsNotShown) {
  EXPECT_EQ(without_user_info("http://u:p@h/a@b"), "http://...@h/a@b");
  EXPECT_EQ(without_user_info("https://u:p@q@h:1"), "https://...@h:1");
  EXPECT_EQ(without_user_info("u:p@h"), "...@h");
  EXPECT_EQ(without_user_info("http://h/?a@b"), "http://h/?a@b");
  EXPECT_EQ(without_user_info("http://h"), "http://h");
  EXPECT_EQ(without_user_info(""), "");
}

}  // namespace
}  // namespace duelio::loadgen
