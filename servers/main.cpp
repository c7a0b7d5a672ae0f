#include <iostream>

#include "servers/server.h"
#include "servers/signals.h"

int main(int argc, char** argv) {
  using namespace duelio;
  return cli::run(server::tool, [&] {
    const server::StopSignals signals;
    const auto options = server::parse_options(argc, argv);
    if (!options) return cli::exit_ok;
    if (options->list_backends) {
      server::list_backends(std::cout, options->json);
    } else if (!options->backend->executable.empty()) {
      server::require_available(*options);
      server::become(options->backend->executable, argv);
    } else {
      server::serve(*options, signals, std::cout);
    }
    return cli::exit_ok;
  });
}
