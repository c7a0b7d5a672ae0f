#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include <unistd.h>

#include "common/os/error.h"
#include "results/export/exporter.h"
#include "results/export/markdown.h"
#include "results/gate.h"
#include "results/history.h"
#include "results/likeness.h"
#include "results/report/assets.h"
#include "results/report/draw.h"
#include "results/report/html.h"
#include "results/report/input.h"
#include "results/report/options.h"
#include "results/report/selection.h"
#include "results/report/site.h"
#include "results/report/whole_file.h"
#include "results/report/words.h"
#include "results/table.h"

namespace duelio::results {
namespace {

std::string read_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) os::throw_errno("open " + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string spliced(const std::string& name, const std::string& content) {
  constexpr std::string_view begin = "<!-- duelio:begin -->\n";
  constexpr std::string_view end = "<!-- duelio:end -->";
  const std::string document = read_file(name);
  const std::size_t from = document.find(begin);
  const std::size_t to = document.find(end);
  if (from == std::string::npos || to == std::string::npos || to < from)
    throw cli::UsageError("--splice '" + name +
                          "' has no lines <!-- duelio:begin --> and <!-- duelio:end -->");
  return document.substr(0, from + begin.size()) + content + document.substr(to);
}

// Of several baselines the newest that is like the run: machines change, and a gate has one for
// each.
int hold(const ReportOptions& options) {
  const GateRule rule{.fail_on = options.fail_on, .allow_unlike = options.allow_unlike};
  const JudgedRun candidate(read_run(options.runs.front()));
  std::vector<JudgedRun> baselines;
  baselines.reserve(options.baseline.size());
  for (const std::string& file : options.baseline) baselines.emplace_back(read_run(file));
  std::sort(baselines.begin(), baselines.end(), [](const JudgedRun& a, const JudgedRun& b) {
    return a.run.manifest.started > b.run.manifest.started;
  });
  for (const JudgedRun& baseline : baselines) {
    std::ostringstream findings;
    const Gate gate = hold_against(baseline, candidate, rule, findings);
    if (baselines.size() > 1) std::cout << baseline.run.file << ": ";
    if (baselines.size() > 1 && gate != Gate::not_comparable) std::cout << "held against it\n";
    std::cout << findings.str();
    if (gate != Gate::not_comparable) return static_cast<int>(gate);
  }
  return static_cast<int>(Gate::not_comparable);
}

void print_tables(std::span<const JudgedRun> runs) {
  const std::vector<std::string> names = names_of(runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs.size() > 1) std::cout << (i == 0 ? "" : "\n") << names[i] << '\n';
    for (const std::string& difference :
         differences(runs.front().run, runs[i].run, Figures::ratios))
      std::cout << "not comparable with " << names.front() << ": " << difference << '\n';
    print_table(std::cout, runs[i], cli::is_rich_terminal(STDOUT_FILENO));
  }
}

std::vector<JudgedRun> judged_runs(const ReportOptions& options) {
  std::vector<JudgedRun> runs;
  for (const std::string& file : options.runs) {
    JudgedRun& run = runs.emplace_back(read_run(file));
    select(run, options.selection);
    if (const std::string why = run.run.unfinished(); !why.empty())
      std::cerr << "duelio-report: " << file << " was not finished (" << why
                << "); what it had measured is shown\n";
  }
  return runs;
}

// By their starts. Runs that are not like the newest are no part of its history, which is said.
std::vector<JudgedRun> history(std::vector<JudgedRun> runs) {
  std::sort(runs.begin(), runs.end(), [](const JudgedRun& a, const JudgedRun& b) {
    return a.run.manifest.started < b.run.manifest.started;
  });
  const Run newest = runs.back().run;
  std::erase_if(runs, [&](const JudgedRun& run) {
    const auto unlike = differences(newest, run.run, Figures::values);
    if (unlike.empty()) return false;
    std::cerr << "duelio-report: left out " << run.run.file
              << ", not comparable with the newest: " << unlike.front() << '\n';
    return true;
  });
  return runs;
}

// Tables of nothing would look like a result.
bool holds_something(const JudgedRun& run) {
  if (!run.run.blocks.empty() || !run.run.left_out().empty()) return true;
  std::cerr << "duelio-report: " << run.run.file << " holds no finished block: nothing to report\n";
  return false;
}

int show(const ReportOptions& options) {
  std::vector<JudgedRun> runs = judged_runs(options);
  if (options.is_history) runs = history(std::move(runs));
  if (!std::all_of(runs.begin(), runs.end(), holds_something))
    return static_cast<int>(Gate::invalid);
  if (!options.writes_to_stdout()) {
    options.is_history ? print_history(std::cout, runs) : print_tables(runs);
  }
  if (!options.html.empty())
    write_file(options.html, options.is_history ? history_to_html(runs) : to_html(runs));
  if (!options.site.empty()) write_site(runs, options.site);
  for (const RegisteredExporter& each : registered_exporters()) {
    const auto file = options.exports.find(each.flag);
    if (file != options.exports.end()) write_file(file->second, each.exporter->write(runs));
  }
  if (!options.splice.empty())
    write_file(options.splice, spliced(options.splice, to_markdown(runs.front(), options.figure)));
  if (!options.svg.empty() && !draw_figures(runs, options.svg)) return cli::exit_failure;
  return cli::exit_ok;
}

}  // namespace
}  // namespace duelio::results

int main(int argc, char** argv) {
  using namespace duelio;
  using namespace duelio::results;
  return cli::run(report_tool, [&] {
    const auto options = parse_report_options(argc, argv);
    if (!options) return cli::exit_ok;
    if (!(options->html + options->site).empty() && assets::vega().empty()) {
      throw std::runtime_error(
          "--html and --site need the figures' libraries, and this duelio-report was built without "
          "them: run "
          "scripts/setup, then configure and build again");
    }
    try {
      return options->baseline.empty() ? show(*options) : hold(*options);
    } catch (const BadFile& error) {
      throw cli::UsageError(error.what());
    }
  });
}
