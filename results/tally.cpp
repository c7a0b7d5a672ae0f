#include "results/tally.h"

namespace duelio::results {

Tally::Tally(const Run& run) {
  for (const Profile& profile : run.profiles) add(profile);
}

void Tally::add(const Profile& profile) {
  std::vector<const Place*> places;
  places.reserve(profile.frames.size());
  for (const std::string& frame : profile.frames) {
    auto place = places_.find(frame);
    if (place == places_.end()) place = places_.emplace(frame, place_of(frame)).first;
    places.push_back(&place->second);
  }
  std::vector<const Place*> stack;
  for (const auto& line : profile.stacks) {
    stack.clear();
    for (auto frame = line.begin() + 1; frame != line.end(); ++frame)
      stack.push_back(places[*frame]);
    const Cause cause = cause_of(stack);
    counts_[{profile.entry, profile.load}][profile.block][{cause.call, cause.work}] += line.front();
  }
}

const std::map<std::size_t, CauseCounts>& Tally::of(std::string_view entry,
                                                    std::string_view load) const {
  static const std::map<std::size_t, CauseCounts> none;
  const auto found = counts_.find({std::string(entry), std::string(load)});
  return found == counts_.end() ? none : found->second;
}

}  // namespace duelio::results
