// The results loader: any file is loaded or refused with one line, and what was loaded can be
// judged and shown.
#include <sstream>

#include "results/judged_run.h"
#include "results/record.h"
#include "results/table.h"
#include "tests/fuzz/file.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duelio;
  static fuzz::File file;
  file.write(data, size);
  try {
    results::JudgedRun judged(results::load(file.name()));
    std::ostringstream table;
    print_table(table, judged, false);
  } catch (const results::BadFile& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos)
      fuzz::fail(error.what());
  }
  return 0;
}
