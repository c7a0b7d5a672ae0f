#include "compare/command_line.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <random>

#include <unistd.h>

#include "common/command_line.h"
#include "common/os/cpu.h"
#include "common/thresholds.h"
#include "common/units.h"
#include "common/workload.h"
#include "compare/cpu_choice.h"
#include "compare/entries.h"
#include "compare/loads.h"
#include "compare/network.h"
#include "compare/resume.h"
#include "compare/workloads.h"

namespace duelio::compare {

namespace po = boost::program_options;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

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

namespace {

struct Preset {
  std::string_view name;
  std::size_t blocks;
  milliseconds block_length;  // of the windows in it
  milliseconds window;
  std::string_view loads;
};

// METHODOLOGY.md, "Presets": what each can tell was simulated, and measured.
const std::vector<Preset>& presets() {
  static const std::vector<Preset> all{
      {"quick", 20, milliseconds(6'200), milliseconds(6), "10%,50%,max"},
      {"standard", 50, milliseconds(8'000), milliseconds(6), "10%,30%,60%,max"},
      {"thorough", 40, milliseconds(60'000), milliseconds(6), "10%,30%,60%,max"},
  };
  return all;
}

// Beyond them lanes no longer share the same moments of the machine.
constexpr std::chrono::seconds longest_window{10};
constexpr std::chrono::hours longest_block{1};

// Long enough for caches and rate to come into swing: METHODOLOGY.md, "Lead-in".
constexpr milliseconds lead_in{4};

template <class Named>
const Named& by_name(const std::vector<Named>& all, std::string_view name) {
  std::string names;
  for (const Named& one : all) {
    if (one.name == name) return one;
    names += (names.empty() ? "" : ", ") + std::string(one.name);
  }
  throw std::invalid_argument("is unknown (one of " + names + ")");
}

// run.jsonl is run-2.jsonl for the second cell of a matrix.
std::string cell_file(const std::string& output, std::size_t cell, std::size_t cells) {
  if (cells == 1) return output;
  const std::filesystem::path path(output);
  return (path.parent_path() / path.stem()).string() + "-" + std::to_string(cell) +
         path.extension().string();
}

std::string default_output() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "results/runs/%Y%m%dT%H%M%SZ.jsonl", &utc);
  return text.data();
}

// The values of a flag that takes a list.
template <class Parse>
auto values_of(const po::variables_map& values, const char* flag, Parse parse) {
  return cli::value(values, flag, [&](std::string_view text) {
    std::vector<decltype(parse(std::string_view()))> all;
    for (const std::string& word : split_list(text)) {
      all.push_back(parse(word));
      if (std::find(all.begin(), all.end() - 1, all.back()) != all.end() - 1)
        throw std::invalid_argument("has " + word + " twice");
    }
    return all;
  });
}

auto between(std::uint64_t least, std::uint64_t most) {
  return [=](std::string_view word) {
    const std::uint64_t number = parse_count(word);
    if (number < least || number > most) {
      throw std::invalid_argument("is not between " + std::to_string(least) + " and " +
                                  std::to_string(most));
    }
    return static_cast<unsigned>(number);
  };
}

// The work is asked for by the target /cpu/NS, so that a workload with a target of its own has
// none.
void check_handler_cpu(const Options& options) {
  for (const results::EntrySpec& entry : options.entries) {
    if (entry.handler_cpu_ns == 0) continue;
    const std::string what = "a handler CPU of " + std::to_string(entry.handler_cpu_ns) +
                             "ns (entry '" + entry.name + "') ";
    if (options.workload.target != "/")
      throw cli::UsageError(what + "does not go with --workload '" + options.workload.name + "'");
    if (entry.handler_cpu_ns > workload::max_cpu_ns)
      throw cli::UsageError(what + "is above 1s, the most that a handler works");
  }
}

// `threads` has a thread for each connection: thousands of idle ones are no load for it, but a
// machine that does nothing else for minutes.
void check_threads_and_idle(const Options& options) {
  constexpr unsigned most_threads_of_connections = 4096;
  for (const results::EntrySpec& entry : options.entries) {
    const unsigned connections =
        options.plan.connections + options.workload.idle_connections + entry.idle_connections;
    if (entry.backend == "threads" && connections > most_threads_of_connections)
      throw cli::UsageError("entry '" + entry.name + "' would need " + std::to_string(connections) +
                            " threads, one for each connection, and is not compared with more "
                            "than 4096: leave it out, or ask for fewer connections");
  }
}

void check_generators(const Options& options) {
  if (options.hosts && options.plan.connections < options.hosts->generators)
    throw cli::UsageError("--connections " + std::to_string(options.plan.connections) +
                          " is below the number of --client-hosts: a generator would have none");
}

// Every combination of the flags that take lists; --load is swept within each.
std::vector<Options> matrix(const Options& base, const po::variables_map& values) {
  const auto handler_cpus = values_of(values, "handler-cpu", parse_handler_cpu);
  const auto connections = values_of(values, "connections", between(1, 100'000));
  const auto threads = values_of(values, "threads", between(1, 1024));
  std::vector<Options> cells(handler_cpus.size() * connections.size() * threads.size(), base);
  std::size_t next = 0;
  for (const auto handler_cpu : handler_cpus) {
    for (const unsigned number : connections) {
      for (const unsigned count : threads) {
        Options& cell = cells[next++];
        for (results::EntrySpec& entry : cell.entries) {
          if (entry.peer_file) continue;
          entry.handler_cpu_ns += static_cast<std::uint64_t>(handler_cpu.count());
          if (entry.threads == 0) entry.threads = count;
        }
        check_handler_cpu(cell);
        cell.plan.connections = number;
        check_generators(cell);
        choose_cpus(values, cell);
        check_threads_and_idle(cell);
        cell.plan.cell = next;
        cell.plan.cells = cells.size();
        cell.seed += next - 1;
        cell.plan.alpha /= static_cast<double>(cells.size());
        cell.output = cell_file(base.output, next, cells.size());
      }
    }
  }
  return cells;
}

// The file can be made: what a run of hours is written to is not found out after its calibration.
void check_output(const Options& options) {
  namespace fs = std::filesystem;
  const auto refuse = [&](const std::string& what) {
    throw cli::UsageError("--output '" + options.output + "' " + what);
  };
  const fs::path path(options.output);
  std::error_code ignored;
  if (options.output.empty()) refuse("is empty");
  if (fs::is_directory(path, ignored) || !path.has_filename()) refuse("is a directory");
  if (fs::exists(path, ignored)) refuse("exists (go on with it: --resume)");
  fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
  // Folders that are missing are made.
  while (!fs::exists(folder, ignored) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  if (!fs::exists(folder, ignored)) folder = ".";
  if (!fs::is_directory(folder, ignored))
    refuse("is in " + folder.string() + ", which is no folder");
  if (::access(folder.c_str(), W_OK | X_OK) != 0 || folder.string().starts_with("/proc"))
    refuse("is in " + folder.string() + ", where nothing can be written");
}

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

// Nothing is smaller than no difference, and none is larger than all.
double parse_effect(std::string_view word) {
  const double effect = parse_fraction(word);
  if (effect <= 0 || effect >= 1)
    throw std::invalid_argument("is not a difference between 0% and 100%");
  return effect;
}

void choose_plan(const po::variables_map& values, Options& options) {
  const Preset preset =
      cli::value(values, "preset", [](std::string_view name) { return by_name(presets(), name); });
  const auto time = [&](const char* flag, nanoseconds fallback, nanoseconds least,
                        nanoseconds most) {
    if (!values.contains(flag)) return fallback;
    return cli::value(values, flag, [&](std::string_view word) {
      const nanoseconds value = parse_duration(word);
      const auto words = [](nanoseconds limit) {
        return format_duration(std::chrono::duration<double>(limit).count());
      };
      if (value < least) throw std::invalid_argument("is shorter than " + words(least));
      if (value > most) throw std::invalid_argument("is longer than " + words(most));
      return value;
    });
  };
  const auto in_s = [](nanoseconds value) { return std::chrono::duration<double>(value).count(); };
  options.preset = preset.name;
  options.plan.blocks = values.contains("blocks") ? cli::value(values, "blocks", between(1, 10'000))
                                                  : static_cast<unsigned>(preset.blocks);
  options.block_length = time("block", preset.block_length, milliseconds(1), longest_block);
  options.plan.window_s = in_s(time("window", preset.window, milliseconds(1), longest_window));
  options.plan.lead_in_s = in_s(time("lead-in", lead_in, nanoseconds(0), longest_window));
  options.plan.alpha = thresholds::alpha;
  options.plan.minimum_effect = values.contains("minimum-effect")
                                    ? cli::value(values, "minimum-effect", parse_effect)
                                    : thresholds::minimum_effect;
  options.plan.isolated = values.contains("isolated");
  options.plan.accept_noise = values.contains("accept-noise");
  options.loads =
      values.contains("load") ? cli::value(values, "load", parse_loads) : parse_loads(preset.loads);
}

// Of an MPI job's hosts those that are named, each with one part only.
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

std::vector<Options> fresh(const po::variables_map& values, const std::vector<std::string>& command,
                           const std::vector<Host>& hosts) {
  Options options;
  options.entries = parse_entries(values);
  options.reference = options.entries.front().name;
  if (values.contains("reference")) {
    options.reference = values["reference"].as<std::string>();
    if (std::none_of(options.entries.begin(), options.entries.end(),
                     [&](const auto& entry) { return entry.name == options.reference; })) {
      throw cli::UsageError("--reference '" + options.reference + "' is not among the entries");
    }
  }
  options.workload = cli::value(values, "workload", parse_workload);
  choose_plan(values, options);
  options.plan.network = cli::value(values, "network", parse_network);
  if (!hosts.empty()) choose_hosts(values, hosts, options);
  options.seed =
      values.contains("seed") ? cli::value(values, "seed", parse_count) : std::random_device{}();
  options.output =
      values.contains("output") ? values["output"].as<std::string>() : default_output();
  options.dry_run = values.contains("dry-run");
  options.explain = values.contains("explain");
  if (options.explain && options.plan.isolated)
    throw cli::UsageError("--explain does not go with --isolated, which has turns only");
  if (values.contains("fail-on")) {
    options.fail_on = cli::value(values, "fail-on", parse_fraction);
    if (options.entries.size() == 1)
      throw cli::UsageError("--fail-on has nothing to hold: the only entry is the reference");
  }
  options.command = command;
  std::vector<Options> cells = matrix(options, values);
  for (const Options& cell : cells) check_network(cell);
  return cells;
}

}  // namespace

std::vector<Options> parse_options(int argc, const char* const* argv,
                                   const std::vector<Host>& hosts) {
  const cli::Tool& caller = hosts.empty() ? tool : tool_of_hosts;
  const auto values = cli::parse(caller, argc, argv, described(!hosts.empty()));
  if (!values) return {};
  if (values->contains("resume")) {
    if (argc != 3 && argc != 2)
      throw cli::UsageError("--resume takes no other flag: the run's own command counts");
    return resumed((*values)["resume"].as<std::string>(), [&](const auto& words) {
      std::vector<const char*> command;
      command.reserve(words.size());
      for (const std::string& word : words) command.push_back(word.c_str());
      return fresh(*cli::parse(caller, static_cast<int>(command.size()), command.data(),
                               described(!hosts.empty())),
                   words, hosts);
    });
  }
  if (values->contains("doctor") && hosts.empty()) {  // examines a machine with one CPU, too
    for (const auto& [flag, value] : *values) {
      if (value.defaulted() || flag == "doctor" || flag == "client-cpus") continue;
      throw cli::UsageError("--" + flag + " does not go with --doctor");
    }
    Options options{.doctor = true};
    options.plan.client_cpus = {os::allowed_cpus().back()};
    if (values->contains("client-cpus"))
      options.plan.client_cpus = cli::value(*values, "client-cpus", parse_cpu_list);
    const std::vector<int> allowed = os::allowed_cpus();
    const int client = options.plan.client_cpus.front();
    options.plan.server_cpus = {allowed.front() == client ? allowed.back() : allowed.front()};
    return {options};
  }
  const std::vector<Options> cells = fresh(*values, {argv, argv + argc}, hosts);
  for (const Options& cell : cells) check_output(cell);
  return cells;
}

}  // namespace duelio::compare
