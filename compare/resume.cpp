#include "compare/resume.h"

#include <boost/json.hpp>

#include "compare/manifest.h"
#include "results/likeness.h"

namespace duelio::compare {
namespace {

std::string revision(const results::Run& run) {
  return boost::json::value_to<std::string>(run.manifest.at("build").at("revision"));
}

std::string entries(const results::Run& run) {
  std::string text;
  for (const std::string& name : run.entries()) text += (text.empty() ? "" : ",") + name;
  return text;
}

}  // namespace

void check_resumable(const results::Run& run, const Options& options) {
  const results::Run here{.manifest = manifest(options, 0, 0)};
  const auto refuse = [&](const std::string& what) {
    throw cli::UsageError("--resume '" + run.file + "' cannot go on here: " + what);
  };
  if (revision(run) != revision(here))
    refuse("build revision: " + revision(run) + " and " + revision(here));
  if (entries(run) != entries(here)) refuse("entries: " + entries(run) + " and " + entries(here));
  const auto unlike = results::differences(run, here, results::Figures::ratios);
  if (!unlike.empty()) refuse(unlike.front());
}

}  // namespace duelio::compare
