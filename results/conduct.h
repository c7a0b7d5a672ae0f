#pragma once

#include <string>
#include <vector>

#include "results/judged_run.h"
#include "results/layout.h"

// What is derived from a run beside its ratios.
namespace duelio::results {

std::vector<Conduct> conduct_in(const Layout& layout, const Run& run);
std::vector<VoidWindows> void_windows_in(const Run& run);
std::vector<SignChange> sign_changes_in(const JudgedRun& judged);
std::vector<std::string> warnings_about(const Layout& layout, const JudgedRun& judged);

// Whether the entry answered what was asked of it at this load in enough blocks for a ratio.
bool held(const Conduct& conduct) noexcept;

}  // namespace duelio::results
