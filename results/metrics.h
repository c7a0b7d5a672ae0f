#pragma once

#include <span>
#include <string_view>

namespace duelio {

// What a slice measures. `phase` and `key` name the number in a slice's record:
// slice[phase].metrics[key].
struct Metric {
  std::string_view id;     // "cpu", as --metric takes it
  std::string_view phase;  // "closed" or "open"
  std::string_view key;
  std::string_view title;
  std::string_view less;  // how a smaller value reads: "less CPU per request", "lower throughput"
  std::string_view more;
  std::string_view unit;  // "ns", "1/s", "1", "bytes"
  bool lower_is_better = true;
  // Whether time that the hypervisor took away leaves the value as it is: the kernel does not
  // charge a task for stolen time, but rates and latencies run on. In a closed loop the CPU time of
  // a request too hangs on how requests bunch.
  bool stands_steal = false;
};

// The primary metric first; the others are exploratory.
std::span<const Metric> metrics() noexcept;

}  // namespace duelio
