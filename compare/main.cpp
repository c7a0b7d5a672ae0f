#include <algorithm>
#include <iostream>

#include <unistd.h>

#include "compare/doctor.h"
#include "compare/experiment.h"

int main(int argc, char** argv) {
  using namespace duelio;
  return cli::run(compare::tool, [&] {
    const auto options = compare::parse_options(argc, argv);
    if (!options) return cli::exit_ok;
    if (options->doctor) {
      const auto findings = compare::examine();
      compare::print_findings(std::cout, findings, cli::is_rich_terminal(STDOUT_FILENO));
      const bool unusable =
          std::any_of(findings.begin(), findings.end(), [](const compare::Finding& finding) {
            return finding.state == compare::Finding::State::unusable;
          });
      return unusable ? cli::exit_failure : cli::exit_ok;
    }
    if (options->dry_run) {
      compare::print_plan(std::cout, *options);
      return cli::exit_ok;
    }
    return compare::run_experiment(*options);
  });
}
