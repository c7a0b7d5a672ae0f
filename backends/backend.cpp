#include "backends/backend.h"

namespace duelio {

std::string_view to_string(Sharing sharing) noexcept {
  return sharing == Sharing::shared ? "shared" : "per-thread";
}

Counters& Counters::operator+=(const Counters& other) noexcept {
  for (const CounterField& field : counter_fields) this->*field.member += other.*field.member;
  return *this;
}

const Backend* find_backend(std::string_view name) noexcept {
  for (const Backend* backend : all_backends()) {
    if (backend->name == name) return backend;
  }
  return nullptr;
}

}  // namespace duelio
