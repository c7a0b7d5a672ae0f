#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "compare/probe.h"
#include "results/record.h"

namespace duelio::compare {

// What a block needs to know, the same for all blocks of a run.
struct Setting {
  const results::Manifest& manifest;
  std::vector<Event> events;          // what is counted; none: no windows for it
  std::function<double()> elapsed_s;  // since the run began
  std::function<void(const results::Window&)> on_window;
};

// Fresh processes, connections and address spaces; the plan's turns; their end. Calls on_window for
// each window as it is measured. Throws server.h's EntryFailed, or Interrupted.
results::Block run_block(const Setting& setting, std::size_t number, std::mt19937_64& random);

// What each entry reaches in the closed loop, some trials each, one after the other in turn. Throws
// EntryFailed for one that gives no right answer, or Interrupted.
std::vector<results::Trial> calibrate(const results::Manifest& manifest, std::mt19937_64& random);

// The load, with a lower rate where this would ask more of the generator than it can pace. Throws
// EntryFailed, or Interrupted.
results::Load paced(const results::Manifest& manifest, const results::Load& load,
                    std::mt19937_64& random);

}  // namespace duelio::compare
