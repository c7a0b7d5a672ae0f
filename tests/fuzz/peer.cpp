// Peer files: any file is taken, or refused as a usage error of one line.
#include "common/cli.h"
#include "compare/server.h"
#include "tests/fuzz/file.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duelio;
  static fuzz::File file;
  file.write(data, size);
  try {
    compare::check_peer_file("peer", file.name());
  } catch (const cli::UsageError& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos)
      fuzz::fail(error.what());
  }
  return 0;
}
