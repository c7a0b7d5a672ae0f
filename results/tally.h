#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "results/causes.h"
#include "results/record.h"

namespace duelio::results {

// Samples of an entry at a load in one block, by cause.
using CauseCounts = std::map<std::pair<std::string_view, Work>, std::uint64_t>;

// Every sample of a run with its cause. The two lanes of the reference are one.
class Tally {
 public:
  explicit Tally(const Run& run);
  Tally(const Tally&) = delete;  // the counts refer to its names
  Tally& operator=(const Tally&) = delete;
  ~Tally() = default;

  // By block; blocks without samples are not in it.
  const std::map<std::size_t, CauseCounts>& of(std::string_view entry, std::string_view load) const;

 private:
  void add(const Profile& profile);

  std::unordered_map<std::string, Place> places_;
  std::map<std::pair<std::string, std::string>, std::map<std::size_t, CauseCounts>> counts_;
};

}  // namespace duelio::results
