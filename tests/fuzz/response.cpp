// The generator's response reader: responses that arrive in pieces are read as those that arrive
// whole.
#include <array>
#include <random>
#include <string>

#include "loadgen/response_reader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/pieces.h"

namespace duelio::loadgen {
namespace {

// A line for each response that was read, and what became of the rest.
std::string read(const std::vector<std::string_view>& pieces, bool head_request,
                 const ExpectedBody* expected) {
  using Outcome = ResponseReader::Outcome;
  ResponseReader reader;
  LastAnswer last;
  std::string seen;
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      const auto [outcome, used] = reader.read(piece, last, head_request, expected);
      if (outcome == Outcome::malformed)
        return seen + std::string(describe(reader.refusal().flaw)) + " at byte " +
               std::to_string(reader.refusal().byte);
      if (used > piece.size()) fuzz::fail("more was used than there is");
      piece.remove_prefix(used);
      if (outcome == Outcome::incomplete) {
        if (!piece.empty()) fuzz::fail("bytes of an incomplete response were left");
        break;
      }
      if (used == 0) fuzz::fail("a response of no bytes");
      seen += std::to_string(reader.status()) + (reader.closes() ? " closes" : "") +
              (reader.body_is_good() ? "\n" : " with a wrong body\n");
    }
  }
  seen += reader.in_answer() ? "in a response" : "between responses";
  return seen + (reader.end(head_request, expected) == Outcome::complete
                     ? ", which the end completes"
                     : "");
}

}  // namespace
}  // namespace duelio::loadgen

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duelio;
  const fuzz::Input input(data, size);
  if (input.bytes.empty()) return 0;
  std::minstd_rand random(input.how);
  const auto pieces = test::cut_at_random(input.bytes, random);
  const bool head_request = random() % 8 == 0;
  const loadgen::ExpectedBody hello("/");
  const loadgen::ExpectedBody pattern("/bytes/70");
  const loadgen::ExpectedBody* expected =
      std::array{&hello, &pattern, static_cast<decltype(&hello)>(nullptr)}[random() % 3];
  fuzz::require_equal(loadgen::read(pieces, head_request, expected),
                      loadgen::read({input.bytes}, head_request, expected),
                      "pieces are read differently");
  return 0;
}
