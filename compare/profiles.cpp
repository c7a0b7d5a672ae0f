#include "compare/profiles.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace duelio::compare {
namespace {

void fold(const Sampled& window, const std::vector<StackSample>& samples,
          results::Profile& profile) {
  std::map<std::string_view, std::uint32_t> places;
  std::map<std::vector<std::uint32_t>, std::uint32_t> counts;
  for (const StackSample& sample : samples) {
    if (sample.at_ns < window.begin_ns || sample.at_ns > window.end_ns) continue;
    if (std::find(window.processes.begin(), window.processes.end(), sample.pid) ==
        window.processes.end())
      continue;
    std::vector<std::uint32_t> stack;
    for (const std::string& frame : sample.frames) {
      const auto [place, is_new] =
          places.try_emplace(frame, static_cast<std::uint32_t>(places.size()));
      if (is_new) profile.frames.push_back(frame);
      stack.push_back(place->second);
    }
    ++counts[stack];
  }
  for (const auto& [stack, count] : counts) {
    auto& line = profile.stacks.emplace_back(std::vector{count});
    line.insert(line.end(), stack.begin(), stack.end());
  }
}

}  // namespace

std::vector<results::Profile> profiles(std::vector<Sampled> windows,
                                       const std::vector<StackSample>& samples) {
  std::vector<results::Profile> all;
  all.reserve(windows.size());
  for (Sampled& window : windows) {
    fold(window, samples, window.profile);
    all.push_back(std::move(window.profile));
  }
  return all;
}

}  // namespace duelio::compare
