// Peer files: any file is taken, or refused by one line.
#include "compare/peer.h"

#include <stdexcept>

#include "tests/fuzz/file.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duelio;
  static fuzz::File file;
  file.write(data, size);
  try {
    (void)compare::Peer::read(file.name());
  } catch (const std::invalid_argument& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos)
      fuzz::fail(error.what());
  }
  return 0;
}
