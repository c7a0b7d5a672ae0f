#include <iostream>

#include "compare/experiment.h"

int main(int argc, char** argv) {
  using namespace duelio;
  return cli::run(compare::tool, [&] {
    const auto options = compare::parse_options(argc, argv);
    if (!options) return cli::exit_ok;
    if (options->dry_run) {
      compare::print_plan(std::cout, *options);
      return cli::exit_ok;
    }
    return compare::run_experiment(*options);
  });
}
