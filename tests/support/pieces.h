#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace duelio::test {

// Ways for bytes to arrive: whole, byte by byte, and in two pieces at every position. Calls
// visit(pieces) for each; the views are of `bytes`.
template <class Visit>
void for_every_arrival(std::string_view bytes, Visit visit) {
  visit(std::vector<std::string_view>{bytes});
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < bytes.size(); ++i) single.push_back(bytes.substr(i, 1));
  visit(single);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    visit(std::vector<std::string_view>{bytes.substr(0, cut), bytes.substr(cut)});
  }
}

// Cut at random places; most pieces are short, some long.
template <class Random>
std::vector<std::string_view> cut_at_random(std::string_view bytes, Random& random) {
  std::vector<std::string_view> pieces;
  while (!bytes.empty()) {
    const std::size_t longest = std::size_t{1} << (random() % 15U);
    const std::size_t size = std::min<std::size_t>(bytes.size(), 1 + random() % longest);
    pieces.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return pieces;
}

}  // namespace duelio::test
