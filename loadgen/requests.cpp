#include "loadgen/requests.h"

#include <algorithm>
#include <random>
#include <string_view>

#include "common/http/field_values.h"

namespace duelio::loadgen {
namespace {

constexpr std::uint64_t large_body = 64 * 1024;

// Enough different bodies to be a range, few enough to be held in memory.
std::uint64_t bodies_to_make(std::uint64_t max_size) {
  return std::clamp<std::uint64_t>((64U << 20U) / std::max<std::uint64_t>(max_size, 1), 16, 1024);
}

// RFC 9110 section 8.6: of such a method a content-length is expected even where there is no body.
bool expects_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

bool is_host(const Header& header) {
  return http::equals_ignoring_case(header.name, "host");
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
  bytes_ += options.method + " " + options.target + " HTTP/1.1\r\n";
  const bool has_host = std::any_of(options.headers.begin(), options.headers.end(), is_host);
  if (!has_host) bytes_ += "host: " + options.host_field + "\r\n";
  for (const Header& header : options.headers) bytes_ += header.name + ": " + header.value + "\r\n";
  if (last) bytes_ += "connection: close\r\n";
  if (options.body_bytes_max > 0 || expects_body(options.method))
    bytes_ += "content-length: " + std::to_string(body_bytes) + "\r\n";
  bytes_ += "\r\n";
  if (options.body) {
    bytes_ += *options.body;
  } else {
    bytes_.append(body_bytes, 'x');
  }
  begins_.push_back(bytes_.size());
}

}  // namespace duelio::loadgen
