// Replaces operator new and delete in the executable that it is linked into ([new.delete.single]).
// The sanitizers see malloc(3) and free(3) below, and with them all that they look for but a delete
// of the wrong form.
#include "tests/support/scarce_memory.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>

namespace duelio::test {
namespace {

constexpr unsigned never = std::numeric_limits<unsigned>::max();

std::atomic<unsigned> first_missing{never};
std::atomic<unsigned> last_missing{never};
std::atomic<unsigned> asked_for{0};
thread_local bool is_spared = false;

bool is_missing() noexcept {
  if (first_missing.load(std::memory_order_relaxed) == never || is_spared) return false;
  const unsigned number = asked_for.fetch_add(1, std::memory_order_relaxed);
  return number >= first_missing.load(std::memory_order_relaxed) &&
         number <= last_missing.load(std::memory_order_relaxed);
}

void* allocate(std::size_t size) noexcept {
  return is_missing() ? nullptr : std::malloc(size > 0 ? size : 1);
}

void* allocate_or_throw(std::size_t size) {
  if (void* const memory = allocate(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

ScarceMemory::ScarceMemory(unsigned number, Missing missing) noexcept {
  is_spared = true;
  asked_for = 0;
  last_missing = missing == Missing::once ? number : never;
  first_missing = number;
}

ScarceMemory::~ScarceMemory() {
  first_missing = never;
  is_spared = false;
}

bool ScarceMemory::has_struck() const noexcept {
  return asked_for.load(std::memory_order_relaxed) > first_missing.load(std::memory_order_relaxed);
}

}  // namespace duelio::test

void* operator new(std::size_t size) {
  return duelio::test::allocate_or_throw(size);
}
void* operator new[](std::size_t size) {
  return duelio::test::allocate_or_throw(size);
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return duelio::test::allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return duelio::test::allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
