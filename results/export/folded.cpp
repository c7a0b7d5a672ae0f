#include <map>

#include "results/export/exporter.h"

// What was sampled (--explain), as the tools for flame graphs read it: "epoll-et;max;duelio-server`
// main;...;kernel`tcp_sendmsg 12". The lanes of the reference are one, and so are the blocks.
namespace duelio::results::exporters {

namespace {

std::string write(std::span<const JudgedRun> runs) {
  std::map<std::string, std::uint64_t> counts;
  for (const Profile& profile : runs.front().run.profiles) {
    if (runs.front().run.entry(profile.entry) == nullptr) continue;  // --only
    for (const auto& stack : profile.stacks) {
      std::string line = profile.entry + ";" + profile.load;
      for (auto frame = stack.begin() + 1; frame != stack.end(); ++frame)
        line += ";" + profile.frames[*frame];
      counts[line] += stack.front();
    }
  }
  std::string text;
  for (const auto& [line, count] : counts) text += line + " " + std::to_string(count) + "\n";
  return text;
}

}  // namespace

extern const Exporter folded{
    .help = "write the stacks that --explain sampled, folded for flame graphs; - is stdout",
    .write = write,
    .takes_several = false};

}  // namespace duelio::results::exporters
