#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/cli.h"
#include "results/report/selection.h"

namespace duelio::results {

struct ReportOptions {
  std::vector<std::string> runs;      // one or more
  bool is_history = false;            // they are of many revisions
  std::vector<std::string> baseline;  // runs to hold the only one against; empty for none
  double fail_on = 0.05;
  bool allow_unlike = false;
  Selection selection;
  std::string html;                                 // files; "-" is stdout, empty for none
  std::map<std::string_view, std::string> exports;  // by the exporter's flag
  std::string site;                                 // a folder
  std::string svg;                                  // a folder
  std::string splice;  // a document whose marked part is replaced by the Markdown
  std::string figure;  // which that Markdown shows

  bool writes_to_stdout() const;
};

extern const cli::Tool report_tool;

// nullopt when --help or --version was answered. Throws cli::UsageError.
std::optional<ReportOptions> parse_report_options(int argc, const char* const* argv);

}  // namespace duelio::results
