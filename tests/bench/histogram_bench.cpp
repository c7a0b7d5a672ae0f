// What recording one latency costs.
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "common/histogram.h"

namespace {

void record(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> latency(10.5, 0.8);  // about 36 us, with a tail
  std::vector<std::int64_t> values(4096);
  for (std::int64_t& value : values) value = static_cast<std::int64_t>(latency(random));
  duelio::Histogram histogram;
  std::size_t i = 0;
  for (auto _ : state) histogram.record(values[i++ % values.size()]);
  benchmark::DoNotOptimize(histogram.count());
}
BENCHMARK(record);

}  // namespace
