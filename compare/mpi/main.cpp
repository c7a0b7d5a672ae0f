// duelio-compare on several hosts, as an MPI job: rank 0 conducts, the others are agents.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include <boost/mpi/communicator.hpp>
#include <boost/mpi/environment.hpp>
#include <dlfcn.h>
#include <sys/prctl.h>

#include "common/cli.h"
#include "common/os/socket.h"
#include "compare/command_line.h"
#include "compare/experiment.h"
#include "compare/mpi/agent.h"
#include "compare/mpi/conductor.h"
#include "compare/mpi/facts.h"
#include "compare/mpi/limits.h"
#include "compare/mpi/remote.h"
#include "compare/plan.h"
#include "compare/process.h"
#include "compare/server.h"

namespace {

std::atomic<bool> outlives_connections{false};

}  // namespace

// Open MPI 4 ends a process when a peer's connection breaks, whatever the communicator's error
// handler is (ompi/mca/pml/ob1, its error handler), and nobody would write down whom a run has
// lost. This stands before the function of that name in libmpi. Rank 0 goes on: it misses who does
// not answer. Elsewhere, and with another MPI, it changes nothing.
extern "C" void ompi_rte_abort(int code, char* /*format*/, ...);   // NOLINT
extern "C" void ompi_rte_abort(int code, char* /*format*/, ...) {  // NOLINT
  if (!outlives_connections) std::_Exit(code == 0 ? duelio::cli::exit_failure : code);
}

namespace {

using namespace duelio;

// Every rank's host, once each has said that it has this build.
std::vector<compare::Host> hosts_of(compare::Conductor& conductor) {
  const boost::json::object here = compare::facts_of_this_host();
  std::vector<compare::Host> hosts{compare::host_of(here)};
  std::vector<std::uint64_t> asked;
  for (int rank = 1; rank < conductor.ranks(); ++rank)
    asked.push_back(conductor.post(rank, {{"do", "facts"}}));
  for (int rank = 1; rank < conductor.ranks(); ++rank) {
    const boost::json::object facts = conductor.await(
        rank, asked[static_cast<std::size_t>(rank) - 1], compare::start_limit_there);
    if (const std::string why = compare::refusal_of(rank, facts, here); !why.empty())
      throw std::runtime_error(why);
    hosts.push_back(compare::host_of(facts));
  }
  return hosts;
}

// Kernels decide what a request costs: those of servers and generators are one.
void require_one_kernel(const compare::Options& options, const std::vector<compare::Host>& hosts) {
  const std::string& servers = hosts[options.hosts->server].machine.kernel;
  for (const unsigned client : options.hosts->clients) {
    if (hosts[client].machine.kernel != servers)
      throw std::runtime_error("rank " + std::to_string(client) +
                               "'s host has another kernel than the servers': " +
                               hosts[client].machine.kernel + " and " + servers);
  }
}

int conduct(compare::Conductor& conductor, int argc, char** argv) {
  const std::vector<compare::Host> hosts = hosts_of(conductor);
  const std::vector<compare::Options> cells = compare::parse_options(argc, argv, hosts);
  if (cells.empty()) return cli::exit_ok;
  require_one_kernel(cells.front(), hosts);
  if (cells.front().dry_run) {
    compare::print_plans(std::cout, cells);
    return cli::exit_ok;
  }
  compare::RemoteSite site(conductor);
  return compare::run_experiments(cells, site);
}

// Without MPI_Finalize(3), in which ranks wait for each other.
[[noreturn]] void leave(int code) {
  std::cout.flush();
  std::_Exit(code);
}

int show_nothing(const char* /*file*/, const char* /*topic*/, bool /*header*/, ...) {  // NOLINT
  return 0;
}

// And before that it sends a message to mpirun and waits for its answer, which does not come while
// mpirun ends a job: its variable for what shows messages is made to show nothing.
void keep_open_mpi_quiet() {
  using Show = int (*)(const char*, const char*, bool, ...);
  if (void* const show = ::dlsym(RTLD_DEFAULT, "opal_show_help"))
    *static_cast<Show*>(show) = show_nothing;
}

int run_rank_0(const boost::mpi::communicator& world, int argc, char** argv) {
  outlives_connections = true;
  keep_open_mpi_quiet();
  compare::Conductor conductor(world);
  const int code = cli::run(compare::tool_of_hosts, [&] {
    try {
      return conduct(conductor, argc, argv);
    } catch (const compare::Interrupted&) {
      return cli::exit_interrupted;
    }
  });
  conductor.quit();
  std::cout.flush();
  if (conductor.has_lost_one()) leave(code);  // the job ends with a rank that has not finalized
  if (compare::interrupted() && compare::interruption() != SIGINT) leave(code);
  return code;
}

bool asks_for_words_only(int argc, char** argv) {
  return std::any_of(argv + 1, argv + argc, [](std::string_view word) {
    return word == "--help" || word == "--version" || word == "-h";
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (asks_for_words_only(argc, argv)) {
    return cli::run(compare::tool_of_hosts, [&] {
      compare::parse_options(argc, argv, {compare::Host{}});
      return cli::exit_ok;
    });
  }
  const boost::mpi::environment environment(argc, argv, boost::mpi::threading::single, false);
  const boost::mpi::communicator world;
  compare::catch_signals();
  os::raise_descriptor_limit();
  // With who started it: mpirun, or a daemon of its on this host.
  if (world.size() > 1) ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (world.rank() == 0) return run_rank_0(world, argc, argv);
  try {
    bool was_told = false;
    {
      compare::Agent agent(world);
      was_told = agent.run();
    }
    if (!was_told) leave(cli::exit_failure);
  } catch (const std::exception& error) {
    std::cerr << compare::tool_of_hosts.name << ": rank " << world.rank() << ": " << error.what()
              << '\n';
    leave(cli::exit_failure);
  }
  return cli::exit_ok;
}
