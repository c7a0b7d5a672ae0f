// Words of command lines and of the control protocol: quantities, lists and commands are read, or
// refused with std::invalid_argument; what was read can be shown.
#include <stdexcept>
#include <string>

#include "common/units.h"
#include "loadgen/command.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duelio;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data),
                         size - 1);  // ends in a NUL, and is no part of more
  try {
    switch (data[size - 1] % 7) {
      case 0:
        format_duration(static_cast<double>(parse_duration(text).count()) * 1e-9);
        break;
      case 1:
        format_count(static_cast<double>(parse_count(text)));
        break;
      case 2:
        format_count(parse_rate(text));
        break;
      case 3:
        format_bytes(static_cast<double>(parse_bytes(text)));
        break;
      case 4:
        format_percent(parse_fraction(text));
        break;
      case 5:
        if (parse_cpu_list(text).empty()) fuzz::fail("an empty list of CPUs");
        break;
      default:
        loadgen::parse_window(loadgen::parse_command(text), {});
    }
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
