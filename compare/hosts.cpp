#include "compare/hosts.h"

#include <stdexcept>

#include "common/units.h"
#include "compare/flag_values.h"

namespace duelio::compare {

namespace po = boost::program_options;

void choose_hosts(const po::variables_map& values, const std::vector<Host>& hosts,
                  Options& options) {
  for (const char* flag : {"server-host", "client-hosts"}) {
    if (!values.contains(flag))
      throw cli::UsageError("--" + std::string(flag) + " is missing: who of the job's " +
                            std::to_string(hosts.size()) + " ranks is it?");
  }
  if (!values["network"].defaulted())
    throw cli::UsageError("--network does not go with --server-host: hosts meet on their network");
  for (const char* flag : {"explain", "doctor"}) {
    if (values.contains(flag))
      throw cli::UsageError("--" + std::string(flag) +
                            " is of one host: run duelio-compare on the one that is meant");
  }
  const auto rank_of = [&](std::string_view word) {
    const std::uint64_t rank = parse_count(word);
    if (rank == 0) throw std::invalid_argument("names rank 0, which conducts and measures nothing");
    if (rank >= hosts.size())
      throw std::invalid_argument("names rank " + std::to_string(rank) +
                                  ", and the job's are 0 to " + std::to_string(hosts.size() - 1));
    return static_cast<unsigned>(rank);
  };
  results::HostsUsed& used = options.hosts.emplace();
  used.server = cli::value(values, "server-host", rank_of);
  used.clients = values_of(values, "client-hosts", rank_of);
  used.generators = static_cast<unsigned>(used.clients.size());
  used.one_kernel = true;
  const Host& server = hosts[used.server];
  for (const unsigned client : used.clients) {
    if (client == used.server)
      throw cli::UsageError("--client-hosts names rank " + std::to_string(client) +
                            ", which --server-host has");
    if (hosts[client].boot_id != server.boot_id) used.one_kernel = false;
  }
  options.plan.network = "hosts";
  options.machine = server.machine;
  if (values.contains("server-interface"))
    options.server_interface = values["server-interface"].as<std::string>();
  if (values.contains("raw-samples")) options.raw_samples = values["raw-samples"].as<std::string>();
}

void check_generators(const Options& options) {
  if (options.hosts && options.plan.connections < options.hosts->generators)
    throw cli::UsageError("--connections " + std::to_string(options.plan.connections) +
                          " is below the number of --client-hosts: a generator would have none");
}

}  // namespace duelio::compare
