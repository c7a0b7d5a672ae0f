#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compare/generator.h"
#include "results/record.h"

// One window that several hosts have measured, each its own part of it.
namespace duelio::compare {

// By one clock, whoever's they are.
struct Edges {
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
};

struct GeneratorPart {
  WindowReport report;
  Edges edges;
  std::int64_t late_ns = 0;  // by which it was told after it was to begin
};

struct ServerPart {
  Edges edges;
  std::int64_t cpu_ns = 0;
  std::int64_t irq_ns = 0;
  std::int64_t late_ns = 0;
};

struct MergedWindow {
  WindowReport report;
  results::AcrossHosts across;
};

// What all of them saw in the time that they have in common: what was counted between edges by its
// share of that time, what belongs to requests as it is. Histograms are added bin by bin, so that
// percentiles are those of all requests. Each clock may be off by `clock_bound_ns`. Of at least one
// generator.
MergedWindow merge(const std::vector<GeneratorPart>& generators, const ServerPart& server,
                   std::int64_t clock_bound_ns);

// The seed of a generator's own stream: of the first the window's, so that one generator does what
// a local one would. Poisson streams that do not depend on each other add up to one.
std::uint64_t seed_of(std::uint64_t window, std::size_t generator) noexcept;

}  // namespace duelio::compare
