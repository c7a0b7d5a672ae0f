#include "compare/command_line.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <random>

#include <unistd.h>

#include "common/command_line.h"
#include "common/os/cpu.h"
#include "common/units.h"
#include "common/workload.h"
#include "compare/cpu_choice.h"
#include "compare/entries.h"
#include "compare/flag_values.h"
#include "compare/flags.h"
#include "compare/hosts.h"
#include "compare/network.h"
#include "compare/presets.h"
#include "compare/resume.h"
#include "compare/workloads.h"

namespace duelio::compare {

namespace po = boost::program_options;

namespace {

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
