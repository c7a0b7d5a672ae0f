#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "results/record.h"

// When a slice counts. The causes were fixed before anything was measured; METHODOLOGY.md, "Design
// of an experiment".
namespace duelio::compare {

struct PhaseReport {
  std::string name;  // "closed" or "open"
  const boost::json::object& loadgen;
  double steal_share = 0;    // of the machine's CPU time, taken by the hypervisor
  double foreign_share = 0;  // of the server's CPUs, neither idle nor the server's
  bool accept_noise = false;
};

// Notes in `slice` why this phase does not count, in whole or by the wall clock.
void judge_phase(const PhaseReport& phase, results::Slice& slice);

// The number at a path of keys; 0 when there is none.
double number(const boost::json::object& object, std::initializer_list<std::string_view> path);

}  // namespace duelio::compare
