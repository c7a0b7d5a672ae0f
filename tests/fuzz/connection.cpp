// The connection core: requests that arrive in pieces, over each kind of buffers, taken by short
// sends, are answered as those that arrive whole.
#include <array>
#include <random>

#include "tests/common/http/driver.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/pieces.h"

namespace duelio::http {
namespace {

struct How {
  Buffers buffers = Buffers::lent;
  std::size_t send_limit = SIZE_MAX;
  Limits limits;
  bool drains = false;
  bool ends = false;
};

Result answers(const Pieces& pieces, const How& how) {
  Driver driver(how.buffers, how.limits, how.send_limit);
  driver.capacity = 100'000;  // of bodies of 64 MiB no more is worth the time
  if (how.drains) driver.connection.begin_drain();
  for (const std::string_view piece : pieces) driver.deliver(piece);
  if (how.ends && driver.connection.want() == Want::read) driver.connection.commit_eof();
  // Whether a client is told to go on depends on what of the body has come with the head.
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  for (std::size_t at = 0; (at = driver.sent.find(go_on, at)) != std::string::npos;)
    driver.sent.erase(at, go_on.size());
  if (driver.sent.size() > 50'000) return {driver.sent.substr(0, 50'000), true, false};
  // An end with or without half-close, and when, depends on what came with the last request.
  return {driver.sent, driver.connection.want() == Want::close || driver.half_closed, false};
}

}  // namespace
}  // namespace duelio::http

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duelio;
  const fuzz::Input input(data, size);
  if (input.bytes.empty()) return 0;
  if (input.bytes.find("cpu/") != std::string_view::npos)
    return -1;  // a handler that works for a second
  std::minstd_rand random(input.how);
  const auto pieces = test::cut_at_random(input.bytes, random);
  http::How how{.drains = random() % 8 == 0, .ends = random() % 2 == 0};
  if (random() % 2 == 0) how.limits = {.head = 64 + random() % 256, .body = random() % 1000};

  const http::Result whole = answers({input.bytes}, how);
  how.buffers =
      std::array{http::Buffers::lent, http::Buffers::owned, http::Buffers::provided}[random() % 3];
  if (random() % 2 == 0) how.send_limit = 1 + random() % 3000;
  fuzz::require_equal(answers(pieces, how), whole, "pieces are answered differently");
  return 0;
}
