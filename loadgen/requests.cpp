#include "loadgen/requests.h"

#include <algorithm>
#include <random>

namespace duelio::loadgen {
namespace {

constexpr std::uint64_t large_body = 64 * 1024;

// Enough different bodies to be a range, few enough to be held in memory.
std::uint64_t bodies_to_make(std::uint64_t max_size) {
  return std::clamp<std::uint64_t>((64U << 20U) / std::max<std::uint64_t>(max_size, 1), 16, 1024);
}

}  // namespace

Requests::Requests(const Options& options, unsigned thread, bool last) {
  if (last && options.requests_per_connection == 0) return;
  if (options.body_bytes != options.body_bytes_max) {
    std::mt19937_64 random(options.seed + thread);
    std::uniform_int_distribution<std::uint64_t> sizes(options.body_bytes, options.body_bytes_max);
    for (auto left = bodies_to_make(options.body_bytes_max); left > 0; --left)
      add(options, sizes(random), last);
  } else {
    const unsigned copies = last || options.body_bytes > large_body ? 1 : options.pipeline;
    for (unsigned i = 0; i < copies; ++i) add(options, options.body_bytes, last);
  }
}

void Requests::add(const Options& options, std::uint64_t body_bytes, bool last) {
  const bool v6 = options.host.find(':') != std::string::npos;
  bytes_ += options.method + " " + options.target +
            " HTTP/1.1\r\nhost: " + (v6 ? "[" + options.host + "]" : options.host) + ":" +
            std::to_string(options.port) + "\r\n";
  if (last) bytes_ += "connection: close\r\n";
  if (options.body_bytes_max > 0)
    bytes_ += "content-length: " + std::to_string(body_bytes) + "\r\n";
  bytes_ += "\r\n";
  bytes_.append(body_bytes, 'x');
  begins_.push_back(bytes_.size());
}

}  // namespace duelio::loadgen
