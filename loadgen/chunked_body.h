#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "loadgen/refusal.h"

namespace duelio::loadgen {

// Takes the chunked coding apart (RFC 9112 section 7.1): chunk extensions and trailer fields are
// passed over. Resumable at every byte. The line that is not whole is never kept, only its state.
class ChunkedBody {
 public:
  // Takes bytes up to the end of the body, and returns how many. Calls on_data(piece) for what the
  // chunks hold. With a flaw, the byte at the returned place is where it shows.
  template <class OnData>
  std::size_t read(std::string_view bytes, Flaw& flaw, OnData on_data) {
    std::size_t used = 0;
    while (used < bytes.size() && state_ != State::done) {
      if (state_ == State::data) {
        const std::size_t size = std::min<std::uint64_t>(left_, bytes.size() - used);
        on_data(bytes.substr(used, size));
        used += size;
        left_ -= size;
        if (left_ == 0) state_ = State::data_cr;
        continue;
      }
      flaw = step(bytes[used]);
      if (flaw != Flaw::none) break;
      ++used;
    }
    return used;
  }
  bool is_done() const noexcept { return state_ == State::done; }

 private:
  enum class State : std::uint8_t {
    size_begin,  // the first digit of a chunk's size
    size,
    blank,      // behind the size: an extension may follow
    extension,  // up to the end of its line
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_begin,  // of a line: a name, or the CR of the empty line
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
    done
  };

  Flaw step(char c) noexcept;
  Flaw step_in_chunk_line(char c) noexcept;
  Flaw step_in_trailers(char c) noexcept;

  std::uint64_t left_ = 0;  // of the chunk
  std::size_t line_size_ = 0;
  State state_ = State::size_begin;
  bool has_trailer_ = false;
};

}  // namespace duelio::loadgen
