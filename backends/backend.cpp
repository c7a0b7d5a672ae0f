#include "backends/backend.h"

namespace duelio {

std::string_view to_string(Sharing sharing) noexcept {
  return sharing == Sharing::shared ? "shared" : "per-thread";
}

Counters& Counters::operator+=(const Counters& other) noexcept {
  for_each(*this, [&](std::string_view name, std::uint64_t& mine) {
    for_each(other, [&](std::string_view other_name, const std::uint64_t& theirs) {
      if (name == other_name) mine += theirs;
    });
  });
  return *this;
}

const Backend* find_backend(std::string_view name) noexcept {
  for (const Backend* backend : all_backends()) {
    if (backend->name == name) return backend;
  }
  return nullptr;
}

}  // namespace duelio
