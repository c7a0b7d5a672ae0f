#include "results/flame.h"

#include <algorithm>
#include <numeric>

namespace duelio::results {
namespace {

constexpr double narrowest = 0.002;  // of the width: two pixels of a page

using Samples = std::vector<double>;  // by node, with what it calls

Samples sum_of(const StackTree& tree, const StackTree::ByBlock& blocks,
               const StackTree::ByBlock& other) {
  Samples sums(tree.size(), 0);
  for (const auto& [block, by_node] : blocks) {
    if (!other.contains(block)) continue;
    for (std::size_t node = 0; node < by_node.size(); ++node) sums[node] += by_node[node];
  }
  for (std::size_t node = tree.size() - 1; node > 0; --node) sums[tree.parent(node)] += sums[node];
  return sums;
}

// Each node that is wide enough is a cause, and has all samples that lie below it. A narrow one is
// its caller's.
Causes wide_nodes(const StackTree& tree, const StackTree::ByBlock& entry,
                  const StackTree::ByBlock& base, std::vector<std::size_t>& nodes) {
  const Samples of_entry = sum_of(tree, entry, base);
  const Samples of_base = sum_of(tree, base, entry);
  Causes causes;
  if (of_entry[0] == 0 || of_base[0] == 0) return causes;
  for (std::size_t node = 0; node < tree.size(); ++node) {
    std::vector<std::size_t> path;
    if (node != 0) path = causes.of_node[tree.parent(node)];
    const double share = of_entry[node] / of_entry[0] + of_base[node] / of_base[0];
    if (share >= 2 * narrowest) {
      path.push_back(causes.names.size());
      causes.names.push_back(tree.function(node));
      nodes.push_back(node);
    }
    causes.of_node.push_back(std::move(path));
  }
  return causes;
}

// Lays parts out: parts[i] is nodes[i]'s, and its caller stands before it.
class Drawing {
 public:
  Drawing(const StackTree& tree, const std::vector<std::size_t>& nodes, std::vector<Part> parts)
      : parts_(std::move(parts)), callees_(parts_.size()) {
    std::vector<std::size_t> place(tree.size(), 0);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      place[nodes[i]] = i;
      if (i > 0) callees_[place[tree.parent(nodes[i])]].push_back(i);
    }
    for (auto& callees : callees_) {
      std::stable_sort(callees.begin(), callees.end(),
                       [&](std::size_t a, std::size_t b) { return width(a) > width(b); });
    }
  }

  std::vector<Frame> frames() const {
    struct Box {
      std::size_t part;
      std::size_t depth;
      double from;
    };
    std::vector<Frame> frames;
    std::vector<Box> left{{0, 0, 0}};
    while (!left.empty()) {
      const Box box = left.back();
      left.pop_back();
      frames.push_back({.depth = box.depth,
                        .from = box.from / width(0),
                        .to = (box.from + width(box.part)) / width(0),
                        .part = parts_[box.part]});
      double at = box.from;
      for (const std::size_t callee : callees_[box.part]) {
        left.push_back({callee, box.depth + 1, at});
        at += width(callee);
      }
      const auto widest = left.end() - static_cast<std::ptrdiff_t>(callees_[box.part].size());
      std::reverse(widest, left.end());
    }
    return frames;
  }

 private:
  double width(std::size_t i) const { return parts_[i].entry_ns + parts_[i].base_ns; }

  std::vector<Part> parts_;
  std::vector<std::vector<std::size_t>> callees_;
};

}  // namespace

std::vector<Frame> frames_of(const StackTree& tree, const StackTree::ByBlock& entry,
                             const StackTree::ByBlock& base, const Timed& timed, double alpha) {
  std::vector<std::size_t> nodes;
  const Causes causes = wide_nodes(tree, entry, base, nodes);
  std::vector<Part> parts = differences(timed, sampled_by(causes, entry, base), alpha);
  if (parts.empty()) return {};
  parts.front().cause = "all of it";
  return Drawing(tree, nodes, std::move(parts)).frames();
}

}  // namespace duelio::results
