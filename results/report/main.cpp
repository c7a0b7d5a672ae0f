#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include <unistd.h>

#include "common/os/error.h"
#include "results/gate.h"
#include "results/likeness.h"
#include "results/report/across.h"
#include "results/report/assets.h"
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

void print_tables(const std::vector<duelio::results::Report>& reports) {
  using namespace duelio::results;
  const std::vector<std::string> names = names_of(reports);
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (reports.size() > 1) std::cout << (i == 0 ? "" : "\n") << names[i] << '\n';
    for (const std::string& difference :
         differences(reports.front().run, reports[i].run, Figures::ratios))
      std::cout << "not comparable with " << names.front() << ": " << difference << '\n';
    print_table(std::cout, reports[i].run, duelio::cli::is_rich_terminal(STDOUT_FILENO));
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace duelio;
  using namespace duelio::results;
  return cli::run(report_tool, [&] {
    const auto options = parse_report_options(argc, argv);
    if (!options) return cli::exit_ok;
    if (!options->html.empty() && assets::vega().empty()) {
      throw std::runtime_error(
          "--html needs the figures' libraries, and this duelio-report was built without them: run "
          "scripts/setup, then configure and build again");
    }
    try {
      if (!options->baseline.empty()) {
        const GateRule rule{.fail_on = options->fail_on, .allow_unlike = options->allow_unlike};
        return static_cast<int>(
            hold_against(load(options->baseline), load(options->runs.front()), rule, std::cout));
      }
      std::vector<Report> reports;
      for (const std::string& file : options->runs) reports.emplace_back(load(file));
      for (const Report& report : reports) {
        const std::string why = report.run.unfinished();
        if (why.empty()) continue;
        std::cerr << "duelio-report: " << report.run.file << " was not finished (" << why
                  << "); what it had measured is shown\n";
      }
      if (options->markdown != "-" && options->csv != "-" && options->gbench_json != "-")
        print_tables(reports);
      write_file(options->html, options->html.empty() ? "" : to_html(reports));
      const Report& first = reports.front();
      const std::string markdown =
          reports.size() == 1 ? to_markdown(first, options->figure) : to_markdown(reports);
      write_file(options->markdown, markdown);
      write_file(options->csv, options->csv.empty() ? "" : to_csv(reports));
      write_file(options->gbench_json, options->gbench_json.empty() ? "" : to_gbench_json(first));
      if (!options->splice.empty()) {
        try {
          write_file(options->splice, splice(read_file(options->splice), markdown));
        } catch (const std::invalid_argument& error) {
          throw cli::UsageError("--splice '" + options->splice + "' " + error.what());
        }
      }
      if (!options->svg.empty() && !draw_figures(reports, options->svg)) return cli::exit_failure;
      return cli::exit_ok;
    } catch (const BadFile& error) {
      throw cli::UsageError(error.what());
    }
  });
}
