#include <algorithm>
#include <iostream>

#include <unistd.h>

#include "common/units.h"
#include "compare/command_line.h"
#include "compare/doctor.h"
#include "compare/experiment.h"
#include "compare/local.h"
#include "compare/network.h"
#include "compare/plan.h"

namespace {

using namespace duelio;

int diagnose(const results::Plan& plan) {
  const auto findings = compare::examine(plan.server_cpus.front(), plan.client_cpus.front());
  compare::print_findings(std::cout, findings, cli::is_rich_terminal(STDOUT_FILENO));
  const bool unusable =
      std::any_of(findings.begin(), findings.end(), [](const compare::Finding& finding) {
        return finding.state == compare::Finding::State::unusable;
      });
  return unusable ? cli::exit_failure : cli::exit_ok;
}

int plan(const std::vector<compare::Options>& cells) {
  double total = 0;
  for (const compare::Options& cell : cells) {
    compare::print_plan(std::cout, cell);
    total += compare::estimate_s(cell);
  }
  if (cells.size() > 1)
    std::cout << cells.size() << " runs, " << format_duration(total) << " in all\n";
  return cli::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  return cli::run(compare::tool, [&] {
    const std::vector<compare::Options> cells = compare::parse_options(argc, argv);
    if (cells.empty()) return cli::exit_ok;
    if (cells.front().doctor) return diagnose(cells.front().plan);
    compare::Network network(cells.front().plan.network);
    if (cells.front().dry_run) return plan(cells);
    compare::LocalSite site(network);
    int worst = cli::exit_ok;
    for (const compare::Options& cell : cells) {
      const int code = compare::run_experiment(cell, site);
      worst = std::max(worst, code);
      if (code == cli::exit_interrupted) break;
    }
    return worst;
  });
}
