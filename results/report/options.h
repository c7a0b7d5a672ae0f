#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/cli.h"

namespace duelio::results {

struct ReportOptions {
  std::vector<std::string> runs;  // one or more
  std::string baseline;           // a run to hold the only one against; empty for none
  double fail_on = 0.05;
  bool allow_unlike = false;
  std::string html;  // files; "-" is stdout, empty for none
  std::string markdown;
  std::string csv;
  std::string gbench_json;
  std::string svg;     // a folder
  std::string splice;  // a document whose marked part is replaced by the markdown
  std::string figure;  // which that markdown shows
};

extern const cli::Tool report_tool;

// nullopt when --help or --version was answered. Throws cli::UsageError.
std::optional<ReportOptions> parse_report_options(int argc, const char* const* argv);

}  // namespace duelio::results
