// Request parser and connection core beside http-parser and Boost.Beast, on the same bytes in the
// same run. A figure is one request's (for 16 pipelined ones: all 16).
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>
#include <boost/beast/http.hpp>
#include <http_parser.h>

#include "common/http/connection.h"
#include "common/http/request_parser.h"

namespace {

using namespace duelio::http;

const std::string small_get = "GET / HTTP/1.1\r\nhost: 127.0.0.1:8080\r\n\r\n";  // 40 bytes

const std::string browser_get =
    "GET /wp-content/uploads/2010/03/hello-kitty-darth-vader-pink.jpg HTTP/1.1\r\n"
    "Host: www.kittyhell.com\r\n"
    "User-Agent: Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.6; ja-JP-mac; rv:1.9.2.3) "
    "Gecko/20100401 "
    "Firefox/3.6.3 Pathtraq/0.9\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: ja,en-us;q=0.7,en;q=0.3\r\n"
    "Accept-Encoding: gzip,deflate\r\n"
    "Accept-Charset: Shift_JIS,utf-8;q=0.7,*;q=0.7\r\n"
    "Keep-Alive: 115\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: wp_ozh_wsa_visits=2; wp_ozh_wsa_visit_lasttime=xxxxxxxxxx; "
    "__utma=xxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.x; "
    "__utmz=xxxxxxxxx.xxxxxxxxxx.x.x.utmccn=(referral)|utmcsr=reader.livedoor.com|utmcct=/reader/|"
    "utmcmd=referral\r\n\r\n";

std::string repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}
const std::string sixteen = repeat(small_get, 16);
const std::string post_head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 65536\r\n\r\n";
const std::string piece(4096, 'x');

const Limits limits;

void ours(benchmark::State& state, const std::string& bytes) {
  RequestParser parser(limits);
  for (auto _ : state) {
    std::string_view rest = bytes;
    while (!rest.empty()) {
      if (parser.parse(rest) != Outcome::complete) return state.SkipWithError("rejected");
      benchmark::DoNotOptimize(parser.head().target.data());
      rest.remove_prefix(parser.head_size());
      parser.reset();
    }
  }
}

void ours_portable(benchmark::State& state, const std::string& bytes) {
  RequestParser parser(limits);
  for (auto _ : state) {
    if (parser.parse(bytes, ScanPath::portable) != Outcome::complete)
      return state.SkipWithError("rejected");
    benchmark::DoNotOptimize(parser.head().target.data());
    parser.reset();
  }
}

void ours_bytewise(benchmark::State& state, const std::string& bytes) {
  RequestParser parser(limits);
  for (auto _ : state) {
    Outcome outcome = Outcome::incomplete;
    for (std::size_t n = 1; n <= bytes.size(); ++n) outcome = parser.parse({bytes.data(), n});
    if (outcome != Outcome::complete) return state.SkipWithError("rejected");
    parser.reset();
  }
}

// The least a user of http-parser needs: where URL, fields and message are.
struct Seen {
  std::size_t target = 0;
  std::size_t fields = 0;
  int messages = 0;
};
http_parser_settings http_parser_callbacks() {
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  static constexpr auto of = [](http_parser* parser) { return static_cast<Seen*>(parser->data); };
  settings.on_url = [](http_parser* p, const char*, std::size_t n) {
    return of(p)->target += n, 0;
  };
  settings.on_header_field = [](http_parser* p, const char*, std::size_t n) {
    return of(p)->fields += n, 0;
  };
  settings.on_header_value = settings.on_header_field;
  settings.on_body = settings.on_header_field;
  settings.on_message_complete = [](http_parser* p) { return ++of(p)->messages, 0; };
  return settings;
}

void with_http_parser(benchmark::State& state, const std::string& bytes, int messages) {
  const http_parser_settings settings = http_parser_callbacks();
  http_parser parser;
  Seen seen;
  parser.data = &seen;
  for (auto _ : state) {
    http_parser_init(&parser, HTTP_REQUEST);
    seen = {};
    http_parser_execute(&parser, &settings, bytes.data(), bytes.size());
    if (seen.messages != messages) return state.SkipWithError("rejected");
  }
}

void with_beast(benchmark::State& state, const std::string& bytes) {
  namespace http = boost::beast::http;
  for (auto _ : state) {
    std::string_view rest = bytes;
    while (!rest.empty()) {
      http::request_parser<http::empty_body> parser;
      boost::system::error_code error;
      const std::size_t n = parser.put(boost::asio::buffer(rest.data(), rest.size()), error);
      if (error || !parser.is_done()) return state.SkipWithError("rejected");
      benchmark::DoNotOptimize(parser.get().target().data());
      rest.remove_prefix(n);
    }
  }
}

// The connection core: receive, answer, sent.
void connection(benchmark::State& state, const std::string& bytes) {
  DateClock clock(0);
  Workspace workspace(limits, clock);
  Connection core(workspace, Buffers::lent);
  for (auto _ : state) {
    std::memcpy(core.prepare().data(), bytes.data(), bytes.size());
    core.commit(bytes.size());
    while (core.want() == Want::write) core.consume(core.output().size());
    if (core.want() != Want::read) return state.SkipWithError("closed");
  }
}

void connection_upload(benchmark::State& state) {
  DateClock clock(0);
  Workspace workspace(limits, clock);
  Connection core(workspace, Buffers::lent);
  for (auto _ : state) {
    std::memcpy(core.prepare().data(), post_head.data(), post_head.size());
    core.commit(post_head.size());
    for (int i = 0; i < 16; ++i) {
      std::memcpy(core.prepare().data(), piece.data(), piece.size());
      core.commit(piece.size());
    }
    if (core.want() != Want::write) return state.SkipWithError("no answer");
    core.consume(core.output().size());
  }
}

void http_parser_upload(benchmark::State& state) {
  const http_parser_settings settings = http_parser_callbacks();
  http_parser parser;
  Seen seen;
  parser.data = &seen;
  std::array<char, 16384> buffer{};
  for (auto _ : state) {
    http_parser_init(&parser, HTTP_REQUEST);
    seen = {};
    http_parser_execute(&parser, &settings, post_head.data(), post_head.size());
    for (int i = 0; i < 16; ++i) {
      std::memcpy(buffer.data(), piece.data(), piece.size());  // as the connection receives it
      http_parser_execute(&parser, &settings, buffer.data(), piece.size());
    }
    if (seen.messages != 1) return state.SkipWithError("rejected");
  }
}

BENCHMARK_CAPTURE(ours, get_40, small_get);
BENCHMARK_CAPTURE(with_http_parser, get_40, small_get, 1);
BENCHMARK_CAPTURE(with_beast, get_40, small_get);
BENCHMARK_CAPTURE(ours_portable, get_40, small_get);
BENCHMARK_CAPTURE(connection, get_40, small_get);

BENCHMARK_CAPTURE(ours, get_700, browser_get);
BENCHMARK_CAPTURE(with_http_parser, get_700, browser_get, 1);
BENCHMARK_CAPTURE(with_beast, get_700, browser_get);
BENCHMARK_CAPTURE(ours_portable, get_700, browser_get);
BENCHMARK_CAPTURE(ours_bytewise, get_700_bytewise, browser_get);

BENCHMARK_CAPTURE(ours, pipelined_16, sixteen);
BENCHMARK_CAPTURE(with_http_parser, pipelined_16, sixteen, 16);
BENCHMARK_CAPTURE(with_beast, pipelined_16, sixteen);
BENCHMARK_CAPTURE(connection, pipelined_16, sixteen);

BENCHMARK(connection_upload)->Name("connection/post_64k_in_4k");
BENCHMARK(http_parser_upload)->Name("with_http_parser/post_64k_in_4k");

}  // namespace
