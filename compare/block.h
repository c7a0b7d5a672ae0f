#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "compare/probe.h"
#include "compare/site.h"
#include "results/record.h"

namespace duelio::compare {

// What a block needs to know, the same for all blocks of a run.
struct Setting {
  const results::Manifest& manifest;
  Site& site;
  std::vector<Event> events;          // what is counted; none: no windows for it
  std::function<double()> elapsed_s;  // since the run began
  std::function<void(const results::Window&)> on_window;
  // Takes the profiles of windows that are sampled (--explain); none: there are no such windows.
  std::function<void(const results::Profile&)> on_profile;
  std::function<void(const std::string& why)> on_no_profiles;  // of a block: sampling failed
  std::vector<results::LeftOut>& left_out;  // entries without part in what follows; it grows
};

// Fresh processes, connections and address spaces; the plan's turns; their end. Calls on_window for
// each window as it is measured. An entry that fails is left out, and the others go on. Throws
// server.h's EntryFailed for the reference, without which there is nothing to compare, or
// Interrupted.
results::Block run_block(const Setting& setting, std::size_t number, std::mt19937_64& random);

// What each entry showed in the closed loop, some trials each, one after the other in turn.
struct Trials {
  std::vector<results::Trial> rates;                            // of those that answered
  std::map<std::string, std::vector<results::Window>> windows;  // by entry
};

// An entry that gives no right answers is added to `left_out`. Throws EntryFailed for the reference
// and when no entry is left beside it, or Interrupted.
Trials calibrate(const results::Manifest& manifest, Site& site, std::mt19937_64& random,
                 std::vector<results::LeftOut>& left_out);

// The load, with a lower rate where this would ask more of the generator than it can pace. Throws
// EntryFailed, or Interrupted.
results::Load paced(const results::Manifest& manifest, Site& site, const results::Load& load,
                    std::mt19937_64& random);

}  // namespace duelio::compare
