#pragma once

#include <cstdint>
#include <random>

#include "loadgen/options.h"

namespace duelio::loadgen {

// requests/s. A send is a system call, which takes longer than half a microsecond.
constexpr double max_rate_of_a_thread = 2e6;

// When requests are due, in nanoseconds since the schedule's start: fixed by rate, kind and seed
// alone, never by how the server does. Poisson arrivals (exponential gaps) are the superposition of
// many independent users; constant gaps make all connections beat together and flatter servers that
// batch.
class Schedule {
 public:
  // This thread's share: `rate` / threads, shifted so that constant schedules interleave.
  Schedule(double rate, Arrivals arrivals, std::uint64_t seed, unsigned thread, unsigned threads)
      : gap_ns_(1e9 * threads / rate),
        arrivals_(arrivals),
        random_(seed * 0x9e3779b97f4a7c15 + thread),
        next_ns_(arrivals == Arrivals::constant ? gap_ns_ * thread / threads : gap()) {}

  std::int64_t next() const noexcept { return static_cast<std::int64_t>(next_ns_); }
  void advance() { next_ns_ += gap(); }

 private:
  double gap() {
    if (arrivals_ == Arrivals::constant) return gap_ns_;
    return std::exponential_distribution<double>(1 / gap_ns_)(random_);
  }

  double gap_ns_;
  Arrivals arrivals_;
  std::mt19937_64 random_;
  double next_ns_;  // a sum of doubles: in a minute rounding takes less than 1e-8 of the rate
};

}  // namespace duelio::loadgen
