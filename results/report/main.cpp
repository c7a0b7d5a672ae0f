#include <fstream>
#include <iostream>
#include <sstream>

#include <unistd.h>

#include "common/os/error.h"
#include "results/gate.h"
#include "results/report/data.h"
#include "results/report/figures.h"
#include "results/report/gbench.h"
#include "results/report/html.h"
#include "results/report/options.h"
#include "results/report/text.h"
#include "results/table.h"

namespace {

void write_file(const std::string& name, const std::string& content) {
  if (name.empty()) return;
  if (name == "-") {
    std::cout << content;
    return;
  }
  std::ofstream file(name, std::ios::binary);
  if (!file) duelio::os::throw_errno("open " + name);
  file << content;
  file.close();
  if (!file) duelio::os::throw_errno("write " + name);
}

std::string read_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) duelio::os::throw_errno("open " + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace duelio;
  using namespace duelio::results;
  return cli::run(report_tool, [&] {
    const auto options = parse_report_options(argc, argv);
    if (!options) return cli::exit_ok;
    try {
      if (!options->baseline.empty()) {
        const GateRule rule{.fail_on = options->fail_on, .allow_unlike = options->allow_unlike};
        return static_cast<int>(
            hold_against(load(options->baseline), load(options->run), rule, std::cout));
      }
      const Report report(load(options->run));
      if (report.run.truncated || !report.run.end) {
        std::cerr << "duelio-report: " << options->run
                  << " has no end: the run was killed; what it had measured is shown\n";
      }
      if (options->markdown != "-" && options->csv != "-" && options->gbench_json != "-") {
        print_table(std::cout, report.run, cli::is_rich_terminal(STDOUT_FILENO));
      }
      write_file(options->html, options->html.empty() ? "" : to_html(report));
      write_file(options->markdown,
                 options->markdown.empty() ? "" : to_markdown(report, options->figure));
      write_file(options->csv, options->csv.empty() ? "" : to_csv(report));
      write_file(options->gbench_json, options->gbench_json.empty() ? "" : to_gbench_json(report));
      if (!options->splice.empty()) {
        try {
          write_file(options->splice,
                     splice(read_file(options->splice), to_markdown(report, options->figure)));
        } catch (const std::invalid_argument& error) {
          throw cli::UsageError("--splice '" + options->splice + "' " + error.what());
        }
      }
      if (!options->svg.empty() && !draw_figures(report, options->svg)) return cli::exit_failure;
      return cli::exit_ok;
    } catch (const BadFile& error) {
      throw cli::UsageError(error.what());
    }
  });
}
