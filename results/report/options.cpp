#include "results/report/options.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/command_line.h"
#include "common/units.h"
#include "results/export/exporter.h"

namespace duelio::results {

namespace po = boost::program_options;

const cli::Tool report_tool{
    .name = "duelio-report",
    .summary =
        "Shows results files of duelio-compare, several side by side: answers and tables on "
        "stdout, one HTML page with\nfigures, and what other programs read. With --history it "
        "shows which revision changed a ratio; with --baseline it\nis a gate.\n\nExit codes: 0 "
        "done, no regression; 1 regression proven, or a failure; 2 usage, "
        "or nothing matched; 3 measurement\ninvalid; 4 not comparable; 5 cannot tell.",
    .synopsis = "RUN.jsonl[.xz]... [options]",
    .examples =
        {"duelio-report run.jsonl --html run.html",
         "duelio-report run.jsonl --sort cpu@10% --only asio,uring",
         "duelio-report monday.jsonl tuesday.jsonl --html both.html",
         "duelio-report run.jsonl --markdown - --csv run.csv --svg figures",
         "duelio-report results/records/*/*.jsonl.xz --site public",
         "duelio-report --history results/runs/nightly --html history.html",
         "duelio-report --baseline main.jsonl branch.jsonl --fail-on 5%",
         "duelio-report --baseline amd.jsonl intel.jsonl branch.jsonl    # the newest like one"},
};

bool ReportOptions::writes_to_stdout() const {
  return html == "-" || std::any_of(exports.begin(), exports.end(),
                                    [](const auto& each) { return each.second == "-"; });
}

namespace {

po::options_description flags() {
  const auto file = [] { return po::value<std::string>()->value_name("FILE"); };
  po::options_description description("Options");
  // clang-format off
  description.add_options()
      ("html", file(), "write one self-contained page")
      ("site", po::value<std::string>()->value_name("DIR"),
       "a folder for a web server: a page of each run, and index.html with what each answers, by kind of machine")
      ("svg", po::value<std::string>()->value_name("DIR"),
       "draw the figures as SVG (and PNG, with rsvg-convert) beside their bound Vega-Lite specs; needs Node.js")
      ("sort", po::value<std::string>()->value_name("KEY"), "order of the entries: METRIC or METRIC@LOAD, the best first")
      ("only", po::value<std::string>()->value_name("NAMES"), "show these entries and the reference")
      ("history", po::value<std::string>()->value_name("DIR"),
       "all results files in DIR, by their starts: how each ratio went, and at which revision it changed")
      ("baseline", po::value<std::vector<std::string>>()->multitoken()->composing()->value_name("FILE..."),
       "a gate: hold the ratios of RUN against those of this run, of several the newest like one")
      ("fail-on", po::value<std::string>()->value_name("RATIO"), "with --baseline: what is a regression (default: 5%)")
      ("allow-unlike", "with --baseline: compare runs of unlike machines, builds or loads")
      ("splice", file(), "replace what stands between <!-- duelio:begin --> and <!-- duelio:end --> by the Markdown")
      ("figure", file(), "with --splice: a figure that the Markdown shows");
  // clang-format on
  for (const RegisteredExporter& each : registered_exporters())
    description.add_options()(std::string(each.flag).c_str(), file(),
                              std::string(each.exporter->help).c_str());
  return description;
}

std::string text_of(const po::variables_map& values, const std::string& flag) {
  return values.contains(flag) ? values[flag].as<std::string>() : "";
}

std::vector<std::string> list_of(const po::variables_map& values, const std::string& flag) {
  return values.contains(flag) ? values[flag].as<std::vector<std::string>>()
                               : std::vector<std::string>();
}

// The results files in a folder, by name.
std::vector<std::string> files_in(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<std::string> files;
  for (const fs::directory_entry& each : fs::directory_iterator(folder, error)) {
    const std::string name = each.path().filename().string();
    if (name.ends_with(".jsonl") || name.ends_with(".jsonl.xz"))
      files.push_back(each.path().string());
  }
  if (error) throw cli::UsageError("--history '" + folder + "': " + error.message());
  if (files.size() < 2) {
    throw cli::UsageError("--history '" + folder + "' has " + std::to_string(files.size()) +
                          " results files (*.jsonl, *.jsonl.xz), and a history needs two");
  }
  std::sort(files.begin(), files.end());
  return files;
}

// No flag may be ignored in silence.
void refuse_pointless(const po::variables_map& values, const ReportOptions& options) {
  const auto needs = [&](const char* flag, const char* other) {
    if (values.contains(flag) && !values.contains(other))
      throw cli::UsageError("--" + std::string(flag) + " needs --" + other + "; see --help");
  };
  needs("fail-on", "baseline");
  needs("allow-unlike", "baseline");
  needs("figure", "splice");
  for (const char* flag : {"baseline", "sort", "svg", "site"}) {
    if (options.is_history && values.contains(flag))
      throw cli::UsageError("--" + std::string(flag) + " does not go with --history");
  }
  if (options.runs.empty()) throw cli::UsageError("the results file is missing; see --help");
  const auto takes_one = [&](const std::string& flag) {
    if (options.runs.size() > 1 && values.contains(flag))
      throw cli::UsageError("'" + options.runs[1] + "' is a second results file; --" + flag +
                            " takes one");
  };
  takes_one("baseline");
  takes_one("splice");
  for (const RegisteredExporter& each : registered_exporters()) {
    if (!each.exporter->takes_several) takes_one(std::string(each.flag));
  }
  if (options.baseline.empty()) return;
  std::vector<std::string> shown{"html", "site", "svg", "sort", "only", "splice"};
  for (const RegisteredExporter& each : registered_exporters()) shown.emplace_back(each.flag);
  for (const std::string& flag : shown) {
    if (values.contains(flag))
      throw cli::UsageError("--" + flag + " has nothing to do with --baseline, which is a gate");
  }
}

// What is written is not what is read, nor written twice, nor a folder; but a site is one.
void check_outputs(const ReportOptions& options) {
  std::error_code missing;
  const auto site = std::filesystem::status(options.site, missing);
  if (std::filesystem::exists(site) && !std::filesystem::is_directory(site))
    throw cli::UsageError("--site '" + options.site + "' is no folder");
  std::vector<std::pair<std::string, std::string>> outputs;
  const auto add = [&](const std::string& flag, const std::string& file) {
    if (!file.empty()) outputs.emplace_back(flag, file);
  };
  add("html", options.html);
  add("splice", options.splice);
  for (const auto& [flag, file] : options.exports) add(std::string(flag), file);
  namespace fs = std::filesystem;
  std::error_code ignored;
  for (auto one = outputs.begin(); one != outputs.end(); ++one) {
    const std::string said = "--" + one->first + " '" + one->second + "' ";
    for (auto other = outputs.begin(); other != one; ++other) {
      if (one->second == other->second || fs::equivalent(one->second, other->second, ignored))
        throw cli::UsageError(said + "is what --" + other->first + " writes");
    }
    if (one->second == "-") continue;
    for (const std::string& run : options.runs) {
      if (one->second == run || fs::equivalent(one->second, run, ignored))
        throw cli::UsageError(said + "is the results file itself");
    }
    if (fs::is_directory(one->second, ignored)) throw cli::UsageError(said + "is a directory");
    const fs::path folder = fs::path(one->second).parent_path();
    if (!folder.empty() && !fs::is_directory(folder, ignored))
      throw cli::UsageError(said + "is in no folder that is there");
  }
}

}  // namespace

std::optional<ReportOptions> parse_report_options(int argc, const char* const* argv) {
  po::positional_options_description positional;
  positional.add("run", -1);
  const auto parsed = cli::parse(report_tool, argc, argv, flags(), positional);
  if (!parsed) return std::nullopt;
  const po::variables_map& values = *parsed;
  ReportOptions options{.runs = list_of(values, "run"),
                        .baseline = list_of(values, "baseline"),
                        .allow_unlike = values.contains("allow-unlike"),
                        .selection = {.only = {}, .sort = text_of(values, "sort")},
                        .html = text_of(values, "html"),
                        .site = text_of(values, "site"),
                        .svg = text_of(values, "svg"),
                        .splice = text_of(values, "splice"),
                        .figure = text_of(values, "figure")};
  // --baseline takes every file behind it; the last one is then the run.
  if (options.runs.empty() && options.baseline.size() > 1) {
    options.runs.push_back(std::move(options.baseline.back()));
    options.baseline.pop_back();
  }
  if (values.contains("history")) {
    if (!options.runs.empty())
      throw cli::UsageError("'" + options.runs.front() +
                            "' beside --history, which takes a folder");
    options.runs = files_in(text_of(values, "history"));
    options.is_history = true;
  }
  refuse_pointless(values, options);
  if (values.contains("fail-on")) options.fail_on = cli::value(values, "fail-on", parse_fraction);
  if (values.contains("only")) options.selection.only = split_list(text_of(values, "only"));
  for (const RegisteredExporter& each : registered_exporters()) {
    const std::string file = text_of(values, std::string(each.flag));
    if (!file.empty()) options.exports.emplace(each.flag, file);
  }
  for (const auto& [flag, value] : values) {
    const auto* const text = boost::any_cast<std::string>(&value.value());
    if (text != nullptr && text->empty()) throw cli::UsageError("--" + flag + " '' is empty");
  }
  check_outputs(options);
  return options;
}

}  // namespace duelio::results
