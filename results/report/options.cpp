#include "results/report/options.h"

#include "common/command_line.h"
#include "common/units.h"

namespace duelio::results {

namespace po = boost::program_options;

const cli::Tool report_tool{
    .name = "duelio-report",
    .summary =
        "Shows results files of duelio-compare, several side by side: verdicts on stdout, and as "
        "one HTML page with figures.",
    .synopsis = "RUN.jsonl... [options]",
    .examples = {"duelio-report run.jsonl", "duelio-report run.jsonl --html run.html",
                 "duelio-report monday.jsonl tuesday.jsonl --html both.html",
                 "duelio-report run.jsonl --markdown - --csv run.csv --svg figures",
                 "duelio-report --baseline main.jsonl branch.jsonl --fail-on 5%"},
};

std::optional<ReportOptions> parse_report_options(int argc, const char* const* argv) {
  const auto file = [] { return po::value<std::string>()->default_value("")->value_name("FILE"); };
  po::options_description description("Options");
  // clang-format off
  description.add_options()
      ("baseline", file(), "a gate: exit 1 if RUN proves a regression against this run (primary metric, unpaired)")
      ("fail-on", po::value<std::string>()->default_value("5%")->value_name("RATIO"), "with --baseline: what is a regression")
      ("allow-unlike", "with --baseline: compare runs of unlike machines, builds or loads")
      ("html", file(), "write one self-contained page")
      ("markdown", file(), "write verdicts and tables as Markdown; - is stdout")
      ("csv", file(), "write every number of every slice; - is stdout")
      ("gbench-json", file(), "write the rounds as Google Benchmark does, for its compare.py; - is stdout")
      ("svg", po::value<std::string>()->default_value("")->value_name("DIR"),
       "draw the figures as SVG (and PNG, with rsvg-convert) beside their bound Vega-Lite specs; needs Node.js")
      ("splice", file(), "replace what stands between <!-- duelio:begin --> and <!-- duelio:end --> by the Markdown")
      ("figure", file(), "a figure that the Markdown shows, as a link beside its tables");
  // clang-format on
  po::positional_options_description positional;
  positional.add("run", -1);
  const auto values = cli::parse(report_tool, argc, argv, description, positional);
  if (!values) return std::nullopt;
  if (!values->contains("run")) throw cli::UsageError("the results file is missing; see --help");
  const auto& runs = (*values)["run"].as<std::vector<std::string>>();
  for (const char* const flag : {"baseline", "gbench-json", "splice", "figure"}) {
    if (runs.size() > 1 && !(*values)[flag].as<std::string>().empty())
      throw cli::UsageError("'" + runs[1] + "' is a second results file; --" + flag + " takes one");
  }
  return ReportOptions{.runs = runs,
                       .baseline = (*values)["baseline"].as<std::string>(),
                       .fail_on = cli::value(*values, "fail-on", parse_fraction),
                       .allow_unlike = values->contains("allow-unlike"),
                       .html = (*values)["html"].as<std::string>(),
                       .markdown = (*values)["markdown"].as<std::string>(),
                       .csv = (*values)["csv"].as<std::string>(),
                       .gbench_json = (*values)["gbench-json"].as<std::string>(),
                       .svg = (*values)["svg"].as<std::string>(),
                       .splice = (*values)["splice"].as<std::string>(),
                       .figure = (*values)["figure"].as<std::string>()};
}

}  // namespace duelio::results
