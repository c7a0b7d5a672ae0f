#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backends/support/ring.h"

namespace duelio {

struct BufferShape {
  unsigned count = 256;  // a power of two
  unsigned size = 16 * 1024;
  bool is_incremental = false;  // IOU_PBUF_RING_INC
};

// Buffers that the kernel picks from as data arrives (io_uring_register_buf_ring(3)): idle
// connections need none.
class BufferRing {
 public:
  static constexpr int group = 0;

  // bundles: receives may ask for IORING_RECVSEND_BUNDLE. Throws std::system_error.
  BufferRing(Ring& ring, const BufferShape& shape, bool bundles);
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;
  ~BufferRing();

  // Calls visit(bytes) for what this completion received, piece by piece, and gives back each
  // buffer that the kernel is done with. Completions are taken in the order in which they come.
  template <class Visit>
  void take(const Completion& completion, Visit visit) {
    if (!completion.has_buffer()) return;
    const unsigned id = completion.buffer();
    const auto size = static_cast<std::size_t>(std::max(completion.result, 0));
    if (!parts_.empty()) return take_parts(completion, id, size, visit);
    visit(std::span<const char>(start_of(id), size));
    give_back(id);
  }

 private:
  // Of a buffer, where one completion does not mean one whole buffer.
  struct Part {
    std::uint32_t used = 0;   // the kernel has filled the buffer up to here: incremental
    std::uint16_t place = 0;  // in the ring, by the tail that it was put at
  };

  // A bundle is one run of bytes through the buffers that follow each other in the ring, from the
  // one that the completion names on; an incremental buffer is filled where the last receive ended.
  template <class Visit>
  void take_parts(const Completion& completion, unsigned id, std::size_t left, Visit visit) {
    while (true) {
      Part& part = parts_[id];
      const std::size_t piece = std::min<std::size_t>(left, shape_.size - part.used);
      if (piece > 0) visit(std::span<const char>(start_of(id) + part.used, piece));
      left -= piece;
      if (left == 0 && completion.keeps_buffer()) {
        part.used += static_cast<std::uint32_t>(piece);
        return;
      }
      const unsigned next = buffers_->bufs[(part.place + 1U) & mask()].bid;
      part.used = 0;
      give_back(id);
      if (left == 0) return;
      id = next;
    }
  }

  void give_back(unsigned id) noexcept {
    if (!parts_.empty()) parts_[id].place = buffers_->tail;
    io_uring_buf_ring_add(buffers_, start_of(id), shape_.size, static_cast<std::uint16_t>(id),
                          static_cast<int>(mask()), 0);
    io_uring_buf_ring_advance(buffers_, 1);
  }

  char* start_of(unsigned id) const noexcept {
    return memory_.get() + std::size_t{id} * shape_.size;
  }
  unsigned mask() const noexcept { return shape_.count - 1; }
  std::size_t entries_size() const noexcept { return shape_.count * sizeof(io_uring_buf); }

  Ring& ring_;
  BufferShape shape_;
  io_uring_buf_ring* buffers_ = nullptr;
  std::unique_ptr<char[]> memory_;
  std::vector<Part> parts_;  // empty where a completion is one whole buffer
};

}  // namespace duelio
