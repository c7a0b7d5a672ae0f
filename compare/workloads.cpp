#include "compare/workloads.h"

#include <array>
#include <stdexcept>
#include <string>

#include "common/units.h"
#include "common/workload.h"

namespace duelio::compare {
namespace {

using results::Workload;

std::uint64_t within(std::uint64_t number, std::uint64_t least, std::uint64_t most) {
  if (number < least || number > most) {
    throw std::invalid_argument("has a number that is not between " + std::to_string(least) +
                                " and " + std::to_string(most));
  }
  return number;
}

struct Kind {
  Workload usual;
  void (*set)(Workload& workload, std::string_view number);  // nullptr: it has no number
};

// The limits are the generator's, and of a body the server's.
const std::array<Kind, 6>& kinds() {
  static const std::array<Kind, 6> all{{
      {{.name = "hello"}, nullptr},
      {{.name = "pipelined", .pipeline = 16},
       [](Workload& workload, std::string_view number) {
         workload.pipeline = static_cast<unsigned>(within(parse_count(number), 2, 1024));
       }},
      {{.name = "churn", .requests_per_connection = 1},
       [](Workload& workload, std::string_view number) {
         workload.requests_per_connection = within(parse_count(number), 1, 1'000'000);
       }},
      {{.name = "upload", .method = "POST", .body_bytes = 1 << 20},
       [](Workload& workload, std::string_view number) {
         workload.body_bytes = within(parse_bytes(number), 1, workload::max_bytes);
       }},
      {{.name = "download", .target = "/bytes/1048576"},
       [](Workload& workload, std::string_view number) {
         workload.target =
             "/bytes/" + std::to_string(within(parse_bytes(number), 1, workload::max_bytes));
       }},
      {{.name = "idle", .idle_connections = 10'000},
       [](Workload& workload, std::string_view number) {
         workload.idle_connections =
             static_cast<unsigned>(within(parse_count(number), 1, 1'000'000));
       }},
  }};
  return all;
}

}  // namespace

Workload parse_workload(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  std::string names;
  for (const Kind& kind : kinds()) {
    names += (names.empty() ? "" : ", ") + kind.usual.name;
    if (kind.usual.name != name) continue;
    Workload workload = kind.usual;
    if (colon == std::string_view::npos) return workload;
    if (kind.set == nullptr)
      throw std::invalid_argument("has a number, and " + workload.name + " takes none");
    kind.set(workload, text.substr(colon + 1));
    workload.name = text;
    return workload;
  }
  throw std::invalid_argument("is unknown (one of " + names + ")");
}

}  // namespace duelio::compare
