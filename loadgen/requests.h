#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "loadgen/options.h"

namespace duelio::loadgen {

// What a worker sends: requests in a row, so that a batch is one send. One and the same --pipeline
// times (once where the body is large: the batch then takes a send for each request), or requests
// of different sizes, sent from first to last and over again.
class Requests {
 public:
  // `last`: those that end a connection (`connection: close`), of the same sizes in the same order;
  // none without --requests-per-connection.
  Requests(const Options& options, unsigned thread, bool last);

  const std::string& bytes() const noexcept { return bytes_; }
  std::size_t begin(std::uint32_t i) const noexcept { return begins_[i]; }
  std::size_t size(std::uint32_t i) const noexcept { return begins_[i + 1] - begins_[i]; }
  std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(begins_.size() - 1); }

 private:
  void add(const Options& options, std::uint64_t body_bytes, bool last);

  std::string bytes_;
  std::vector<std::size_t> begins_{0};
};

}  // namespace duelio::loadgen
