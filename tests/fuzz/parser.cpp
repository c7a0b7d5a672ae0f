// The request parser: whole against pieces, and the AVX2 scan against the portable one.
#include <random>

#include "tests/common/http/parse_pieces.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/pieces.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duelio;
  const fuzz::Input input(data, size);
  if (input.bytes.empty()) return 0;
  // Limits that inputs of this size reach, and those of the server.
  http::Limits limits;
  if (input.how % 2 != 0) limits = {.head = 64 + input.how % 256, .body = 1000};
  std::minstd_rand random(input.how);
  const auto pieces = test::cut_at_random(input.bytes, random);

  const auto whole = parse_pieces({input.bytes}, limits, http::ScanPath::portable);
  fuzz::require_equal(parse_pieces(pieces, limits, http::ScanPath::portable), whole,
                      "pieces differ from the whole");
  if (!is_available(http::ScanPath::avx2)) return 0;
  fuzz::require_equal(parse_pieces({input.bytes}, limits, http::ScanPath::avx2), whole,
                      "AVX2 differs from the portable scan");
  fuzz::require_equal(parse_pieces(pieces, limits, http::ScanPath::avx2), whole,
                      "AVX2 in pieces differs");
  return 0;
}
