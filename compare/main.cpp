#include <algorithm>
#include <iostream>

#include <unistd.h>

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

}  // namespace

int main(int argc, char** argv) {
  return cli::run(compare::tool, [&] {
    const std::vector<compare::Options> cells = compare::parse_options(argc, argv);
    if (cells.empty()) return cli::exit_ok;
    if (cells.front().doctor) return diagnose(cells.front().plan);
    compare::Network network(cells.front().plan.network);
    if (cells.front().dry_run) {
      compare::print_plans(std::cout, cells);
      return cli::exit_ok;
    }
    compare::LocalSite site(network);
    return compare::run_experiments(cells, site);
  });
}
