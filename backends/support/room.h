#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <vector>

namespace duelio {

// Whether a vector has room for so many, or gets it; false when there is no memory.
template <class T>
bool has_room(std::vector<T>& all, std::size_t size) noexcept {
  if (size <= all.capacity()) return true;
  try {
    all.reserve(std::max<std::size_t>(64, 2 * size));
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace duelio
