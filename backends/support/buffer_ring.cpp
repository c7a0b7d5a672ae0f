#include "backends/support/buffer_ring.h"

#include <bit>

#include <sys/mman.h>

#include "common/os/error.h"

namespace duelio {

BufferRing::BufferRing(Ring& ring, const BufferShape& shape, bool bundles)
    : ring_(ring),
      shape_(shape),
      memory_(new char[std::size_t{shape.count} * shape.size]),
      parts_(shape.is_incremental || bundles ? shape.count : 0) {
  void* const entries =
      ::mmap(nullptr, entries_size(), PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (entries == MAP_FAILED) os::throw_errno("mmap a buffer ring");
  buffers_ = static_cast<io_uring_buf_ring*>(entries);
  auto registration = std::bit_cast<io_uring_buf_reg>(uapi::BufferRingRegistration{
      .ring_addr = reinterpret_cast<std::uintptr_t>(entries),
      .ring_entries = shape_.count,
      .bgid = group,
      .flags = shape_.is_incremental ? uapi::pbuf_ring_inc : std::uint16_t{0}});
  const int error = -io_uring_register_buf_ring(ring_.get(), &registration, 0);
  if (error != 0) {
    ::munmap(entries, entries_size());
    os::throw_errno("io_uring_register_buf_ring", error);
  }
  io_uring_buf_ring_init(buffers_);
  for (unsigned id = 0; id < shape_.count; ++id) give_back(id);
}

BufferRing::~BufferRing() {
  io_uring_unregister_buf_ring(ring_.get(), group);
  ::munmap(buffers_, entries_size());
}

}  // namespace duelio
