#include "compare/resume.h"

#include <algorithm>
#include <filesystem>

#include "common/cli.h"
#include "compare/manifest.h"
#include "results/likeness.h"

namespace duelio::compare {
namespace {

std::string names_of(const std::vector<results::EntrySpec>& entries) {
  std::string text;
  for (const results::EntrySpec& entry : entries) text += (text.empty() ? "" : ",") + entry.name;
  return text;
}

}  // namespace

std::vector<Options> resumed(
    const std::string& file,
    const std::function<std::vector<Options>(const std::vector<std::string>&)>& parse) {
  const auto refuse = [&](const std::string& what) {
    throw cli::UsageError("--resume '" + file + "' " + what);
  };
  results::Run run;
  try {
    run = results::load(file);
  } catch (const results::BadFile& bad) {
    throw cli::UsageError(std::string("--resume: ") + bad.what());
  }
  if (run.end && run.end->finished) refuse("is a finished run");
  const results::Manifest& manifest = run.manifest;
  std::vector<Options> cells = parse(manifest.command);
  Options& first = cells.at(manifest.plan.cell - 1);

  results::Run here{.manifest = manifest_of(first, 0)};
  // A run between namespaces has looked at TCP's settings in one of its own, which is gone.
  if (manifest.plan.network == "veth" && manifest.machine.details &&
      here.manifest.machine.details) {
    const results::Details& there = *manifest.machine.details;
    results::Details& details = *here.manifest.machine.details;
    details.congestion_control = there.congestion_control;
    details.qdisc = there.qdisc;
    details.tcp_rmem = there.tcp_rmem;
    details.tcp_wmem = there.tcp_wmem;
  }
  const auto unlike = [&](const std::string& what, const std::string& one,
                          const std::string& other) {
    if (one != other) refuse("cannot go on here: " + what + ": " + one + " and " + other);
  };
  unlike("build revision", manifest.build.revision, here.manifest.build.revision);
  unlike("entries", names_of(manifest.entries), names_of(here.manifest.entries));
  if (const auto found = results::differences(run, here, results::Figures::ratios); !found.empty())
    refuse("cannot go on here: " + found.front());

  const std::uint64_t seed = manifest.seed;
  for (Options& options : cells) {
    options.seed = seed + options.plan.cell - manifest.plan.cell;
    options.plan.blocks = manifest.plan.blocks;  // a preset may have changed since
  }
  first.output = file;
  first.resume = true;
  first.plan = manifest.plan;
  std::erase_if(cells, [&](const Options& options) {
    return options.plan.cell < manifest.plan.cell ||
           (options.plan.cell > manifest.plan.cell && std::filesystem::exists(options.output));
  });
  return cells;
}

}  // namespace duelio::compare
