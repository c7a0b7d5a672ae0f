#include "compare/flags.h"

namespace duelio::compare {

namespace po = boost::program_options;

const cli::Tool tool{
    .name = "duelio-compare",
    .summary =
        "Compares I/O models over a range of loads: servers that live side by side take turns "
        "in short\n"
        "windows, the reference twice, one parser and one client for all; ratios with "
        "confidence intervals\n"
        "over blocks of fresh processes, and every window on file.",
    .synopsis = "[options]",
    .examples =
        {"duelio-compare --preset quick",
         "duelio-compare --backends epoll-oneshot,epoll-et --load 10%,50%,max --workload pipelined",
         "duelio-compare --backends epoll-et,uring --connections 16,64,256 --handler-cpu 0,5us "
         "--dry-run"},
};

const cli::Tool tool_of_hosts{
    .name = "duelio-compare-mpi",
    .summary =
        "duelio-compare on several hosts, as an MPI job: rank 0 conducts, and agents, one a host, "
        "run the server\n"
        "on one host and a generator on each of others. CLUSTER.md says how it is launched.",
    .synopsis = "[options]",
    .examples =
        {"duelio-compare-mpi --help",
         "duelio-compare-mpi --server-host 1 --client-hosts 2,3    # behind mpirun -np 4 ...",
         "duelio-compare-mpi --server-host 1 --client-hosts 2 --preset standard --server-cpus 2",
         "duelio-compare-mpi --resume run.jsonl"},
};

po::options_description described(bool has_hosts) {
  const auto text = [](const char* fallback) {
    return po::value<std::string>()->default_value(fallback);
  };
  const auto word = [] { return po::value<std::string>(); };
  const auto list = [] { return po::value<std::vector<std::string>>(); };
  po::options_description description("Options");
  // clang-format off
  description.add_options()
      ("backends", text("epoll-oneshot,epoll-et,asio")->value_name("LIST"), "backends to compare; all: every one that is available here")
      ("entry", list()->value_name("SPEC"),
       "one more entry: NAME=BACKEND[,with=A+B][,deadlines=on][,threads=N][,sharing=HOW][,handler-cpu=TIME]"
       "[,idle=N][,server=PATH]; with: options of the model, see duelio-server --list-backends; deadlines: of the server, which "
       "has none in a comparison otherwise")
      ("peer", list()->value_name("NAME=FILE"), "a foreign server, started as the JSON file says")
      ("server", list()->value_name("NAME=PATH"),
       "another build's duelio-server, with the first of --backends: compares two builds")
      ("reference", word()->value_name("NAME"), "what ratios refer to (default: the first)")
      ("workload", text("hello")->value_name("NAME"), 
       "hello, pipelined, churn, upload, download or idle; all but hello with a number of their own, such as pipelined:4 or "
       "download:64KiB")
      ("load", word()->value_name("LIST"),
       "loads to sweep: 10% of what the slowest entry reaches, 20k requests/s, max (the closed loop)")
      ("preset", text("quick")->value_name("NAME"),
       "quick (20 blocks, three loads), standard (50, four loads) or thorough (40 long ones: tails beyond p99.9)")
      ("blocks", word()->value_name("N"), "so many blocks of fresh processes")
      ("block", word()->value_name("TIME"), "how long the windows of a block take together")
      ("window", word()->value_name("TIME"), "length of a window, at least")
      ("lead-in", word()->value_name("TIME"), "load before each window, not measured")
      ("isolated", "one server alive at a time: to study whether living side by side biases")
      ("accept-noise", "count windows that the machine disturbed: only to try the tools, the table says so")
      ("network", text("loopback")->value_name("HOW"),
       "where servers and generators meet: loopback, unix (sockets in a temporary folder) or veth (between two network "
       "namespaces; as root)")
      ("connections", text("64")->value_name("LIST"), "active connections; of several, each is a run of its own")
      ("threads", text("1")->value_name("LIST"), "worker threads of each backend; likewise")
      ("handler-cpu", text("0")->value_name("LIST"), "CPU work in the handler of every backend; likewise")
      ("server-cpus", word()->value_name("LIST"), "CPUs of the servers, one a thread in turn (default: one of a core of its own for each thread)")
      ("client-cpus", word()->value_name("LIST"), "CPUs of the load generators with a thread on each (default: as many as of the servers, of other cores)")
      ("minimum-effect", word()->value_name("RATIO"), "differences below it do not matter (default: 2%)")
      ("explain",
       "sample each entry at each load, in windows of their own: where a difference in CPU time comes from; needs perf")
      ("fail-on", word()->value_name("RATIO"),
       "a gate: exit 1 if an entry is proven this much worse than the reference, 5 if that cannot be told")
      ("seed", word()->value_name("N"), "of all that is random (default: random, recorded)")
      ("output", word()->value_name("FILE"), "results file (default: results/runs/<time>.jsonl)")
      ("resume", word()->value_name("FILE"),
       "go on with an interrupted or killed run, as its manifest says; no other flag")
      ("doctor", "say how fit this machine is, what to change and what each flaw costs, and exit")
      ("dry-run", "print the plan and the time it takes, and exit");
  if (has_hosts) {
    description.add_options()
        ("server-host", word()->value_name("R"), "rank of the host that servers run on; rank 0 conducts, and is none of them")
        ("client-hosts", word()->value_name("LIST"), "ranks of the hosts that have a generator each, which share connections and rate")
        ("server-interface", word()->value_name("NAME"),
         "network interface of the servers' host that they listen on (default: the first that is up)")
        ("raw-samples", word()->value_name("FILE"), "write each latency as it was: to look into merged histograms");
  }
  // clang-format on
  return description;
}

}  // namespace duelio::compare
