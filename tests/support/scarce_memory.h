#pragma once

#include <cstdint>

namespace duelio::test {

// Until the end of the scope operator new finds no memory in the other threads of this process: the
// allocation with this number, from 0, or that and all after it. One at a time.
class ScarceMemory {
 public:
  enum class Missing : std::uint8_t { once, from_then_on };
  ScarceMemory(unsigned number, Missing missing) noexcept;
  ScarceMemory(const ScarceMemory&) = delete;
  ScarceMemory& operator=(const ScarceMemory&) = delete;
  ~ScarceMemory();

  // Whether so many were asked for.
  bool has_struck() const noexcept;
};

}  // namespace duelio::test
