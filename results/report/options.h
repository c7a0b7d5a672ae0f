#pragma once

#include <optional>
#include <string>

#include "common/cli.h"

namespace duelio::results {

struct ReportOptions {
  std::string run;
  std::string html;  // files; "-" is stdout, empty for none
  std::string markdown;
  std::string csv;
  std::string splice;  // a document whose marked part is replaced by the markdown
};

extern const cli::Tool report_tool;

// nullopt when --help or --version was answered. Throws cli::UsageError.
std::optional<ReportOptions> parse_report_options(int argc, const char* const* argv);

}  // namespace duelio::results
