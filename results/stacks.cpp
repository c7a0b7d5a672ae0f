#include "results/stacks.h"

#include <algorithm>
#include <numeric>

namespace duelio::results {
namespace {

std::size_t index_of(std::map<std::string, std::size_t, std::less<>>& known, Causes& causes,
                     const std::string& name) {
  const auto [place, is_new] = known.try_emplace(name, causes.names.size());
  if (is_new) causes.names.push_back(name);
  return place->second;
}

std::vector<double> row_of(const Causes& causes, const std::vector<double>& by_node) {
  std::vector<double> row(causes.names.size(), 0);
  for (std::size_t node = 0; node < by_node.size(); ++node) {
    if (by_node[node] == 0) continue;
    for (const std::size_t cause : causes.of_node[node]) row[cause] += by_node[node];
  }
  return row;
}

void keep(std::vector<std::vector<double>>& rows, const std::vector<std::size_t>& kept) {
  for (auto& row : rows) {
    for (std::size_t i = 0; i < kept.size(); ++i) row[i] = row[kept[i]];
    row.resize(kept.size());
  }
}

}  // namespace

StackTree::StackTree(const Run& run, std::string_view load) {
  const auto& [name, place] = *functions_.emplace("", Place{}).first;
  nodes_.push_back({.parent = 0, .function = &name, .place = &place, .cause = {}});
  for (const Profile& profile : run.profiles) {
    if (profile.load == load) add(profile);
  }
  for (auto& [entry, blocks] : samples_) {
    for (auto& [block, by_node] : blocks) by_node.resize(size(), 0);
  }
}

void StackTree::add(const Profile& profile) {
  if (profile.stacks.empty()) return;
  std::vector<const Functions::value_type*> functions;
  functions.reserve(profile.frames.size());
  for (const std::string& frame : profile.frames) {
    auto found = functions_.find(frame);
    if (found == functions_.end()) found = functions_.emplace(frame, place_of(frame)).first;
    functions.push_back(&*found);
  }
  auto& by_node = samples_[profile.entry][profile.block];
  for (const auto& stack : profile.stacks) {
    std::size_t node = 0;
    for (auto frame = stack.begin() + 1; frame != stack.end(); ++frame)
      node = child(node, *functions[*frame]);
    if (by_node.size() < size()) by_node.resize(size(), 0);
    by_node[node] += stack.front();
  }
}

std::size_t StackTree::child(std::size_t parent, const Functions::value_type& function) {
  const auto [known, is_new] = children_.try_emplace({parent, &function}, size());
  if (!is_new) return known->second;
  nodes_.push_back(
      {.parent = parent, .function = &function.first, .place = &function.second, .cause = {}});
  std::vector<const Place*> stack;
  for (std::size_t node = known->second; node != 0; node = nodes_[node].parent)
    stack.push_back(nodes_[node].place);
  std::reverse(stack.begin(), stack.end());
  nodes_.back().cause = cause_of(stack);
  return known->second;
}

const StackTree::ByBlock& StackTree::of(std::string_view entry) const {
  static const ByBlock none;
  const auto found = samples_.find(entry);
  return found == samples_.end() ? none : found->second;
}

Causes causes_by(const StackTree& tree, const std::function<std::string(std::size_t node)>& name) {
  Causes causes;
  std::map<std::string, std::size_t, std::less<>> known;
  for (std::size_t node = 0; node < tree.size(); ++node)
    causes.of_node.push_back({index_of(known, causes, name(node))});
  return causes;
}

Causes functions_with_callees(const StackTree& tree) {
  Causes causes{.names = {}, .of_node = {{}}};
  std::map<std::string, std::size_t, std::less<>> known;
  for (std::size_t node = 1; node < tree.size(); ++node) {
    std::vector<std::size_t> functions = causes.of_node[tree.parent(node)];
    const std::size_t own = index_of(known, causes, tree.function(node));
    // One that calls itself is counted once.
    if (std::find(functions.begin(), functions.end(), own) == functions.end())
      functions.push_back(own);
    causes.of_node.push_back(std::move(functions));
  }
  return causes;
}

Sampled sampled_by(const Causes& causes, const StackTree::ByBlock& entry,
                   const StackTree::ByBlock& base) {
  Sampled sampled;
  for (const auto& [block, by_node] : entry) {
    const auto other = base.find(block);
    if (other == base.end()) continue;
    sampled.entry.push_back(row_of(causes, by_node));
    sampled.base.push_back(row_of(causes, other->second));
    sampled.all_of_entry.push_back(std::accumulate(by_node.begin(), by_node.end(), 0.0));
    sampled.all_of_base.push_back(std::accumulate(other->second.begin(), other->second.end(), 0.0));
  }
  std::vector<std::size_t> kept;
  for (std::size_t cause = 0; cause < causes.names.size(); ++cause) {
    const auto has_some = [&](const std::vector<double>& row) { return row[cause] > 0; };
    if (std::none_of(sampled.entry.begin(), sampled.entry.end(), has_some) &&
        std::none_of(sampled.base.begin(), sampled.base.end(), has_some))
      continue;
    kept.push_back(cause);
    sampled.causes.push_back(causes.names[cause]);
  }
  keep(sampled.entry, kept);
  keep(sampled.base, kept);
  return sampled;
}

}  // namespace duelio::results
