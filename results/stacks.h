#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "results/causes.h"
#include "results/record.h"
#include "results/take_apart.h"

namespace duelio::results {

// All stacks that were sampled at a load, as one tree: a node is a function with all that called
// it. The first is the root; a parent stands before its children. The two lanes of the reference
// are one.
class StackTree {
 public:
  using ByBlock = std::map<std::size_t, std::vector<double>>;  // blocks with samples; by node

  StackTree(const Run& run, std::string_view load);
  StackTree(const StackTree&) = delete;  // the causes refer to its places
  StackTree& operator=(const StackTree&) = delete;
  ~StackTree() = default;

  std::size_t size() const noexcept { return nodes_.size(); }
  std::size_t parent(std::size_t node) const { return nodes_[node].parent; }
  const std::string& function(std::size_t node) const { return *nodes_[node].function; }
  const Cause& cause(std::size_t node) const { return nodes_[node].cause; }
  // An entry's samples, each at its innermost function.
  const ByBlock& of(std::string_view entry) const;

 private:
  struct Node {
    std::size_t parent;
    const std::string* function;
    const Place* place;
    Cause cause;
  };

  using Functions = std::unordered_map<std::string, Place>;

  void add(const Profile& profile);
  std::size_t child(std::size_t parent, const Functions::value_type& function);

  Functions functions_;
  std::vector<Node> nodes_;
  std::map<std::pair<std::size_t, const void*>, std::size_t> children_;
  std::map<std::string, ByBlock, std::less<>> samples_;
};

// One way to take samples apart: a node's belong to one cause, or to each of several.
struct Causes {
  std::vector<std::string> names;
  std::vector<std::vector<std::size_t>> of_node;
};
// By what `name` says of each node.
Causes causes_by(const StackTree& tree, const std::function<std::string(std::size_t node)>& name);
// A sample belongs to its function and to each that led to it.
Causes functions_with_callees(const StackTree& tree);

// Both in the blocks where both have samples; without causes of which neither has any.
Sampled sampled_by(const Causes& causes, const StackTree::ByBlock& entry,
                   const StackTree::ByBlock& base);

}  // namespace duelio::results
