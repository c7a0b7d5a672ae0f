#include "compare/options.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <random>

#include <boost/json.hpp>

#include "common/command_line.h"
#include "common/os/cpu.h"
#include "common/units.h"
#include "common/workload.h"
#include "compare/entries.h"
#include "compare/resume.h"
#include "results/record.h"

namespace duelio::compare {

namespace po = boost::program_options;

const cli::Tool tool{
    .name = "duelio-compare",
    .summary =
        "Compares I/O models: a fresh server for each slice, randomised rounds with the reference "
        "twice, one\n"
        "parser and one client for all, ratios with confidence intervals, and every slice on file.",
    .synopsis = "[options]",
    .examples =
        {"duelio-compare --preset quick",
         "duelio-compare --backends epoll-oneshot,epoll-et --workload pipelined --rounds 20",
         "duelio-compare --backends epoll-et,uring --connections 16,64,256 --handler-cpu 0,5us "
         "--dry-run"},
};

bool Options::generator_polls() const {
  return std::none_of(client_cpus.begin(), client_cpus.end(), [this](int cpu) {
    return std::find(server_cpus.begin(), server_cpus.end(), cpu) != server_cpus.end();
  });
}

namespace {

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all{
      {.name = "hello"},
      {.name = "pipelined", .pipeline = 16},
      {.name = "churn", .requests_per_connection = 1},
      {.name = "upload", .method = "POST", .body_bytes = 1 << 20},
      {.name = "download", .target = "/bytes/1048576"},
      {.name = "idle", .idle_connections = 10'000},
  };
  return all;
}

struct Preset {
  std::string_view name;
  std::vector<std::size_t> looks;
  std::chrono::milliseconds warmup;
  std::chrono::milliseconds closed;
  std::chrono::milliseconds open;
};

const std::vector<Preset>& presets() {
  using std::chrono::milliseconds;
  static const std::vector<Preset> all{
      {"quick", {30}, milliseconds(75), milliseconds(150), milliseconds(200)},
      {"standard", {20, 40, 80}, milliseconds(100), milliseconds(200), milliseconds(300)},
      {"thorough", {80}, milliseconds(250), milliseconds(500), milliseconds(2000)},
  };
  return all;
}

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

// The run that goes on and, of a matrix, the cells after it that have no file yet: options as its
// command had them, with what it had drawn and calibrated.
std::vector<Options> resumed(const std::string& file, int argc) {
  if (argc != 3 && argc != 2)
    throw cli::UsageError("--resume takes no other flag: the run's own command counts");
  try {
    const results::Run run = results::load(file);
    if (run.end && run.end->at("finished").as_bool()) {
      throw cli::UsageError("--resume '" + file + "' is a finished run");
    }
    std::vector<std::string> words;
    words.reserve(run.manifest.at("command").as_array().size());
    for (const auto& word : run.manifest.at("command").as_array())
      words.emplace_back(word.as_string());
    std::vector<const char*> argv;
    argv.reserve(words.size());
    for (const std::string& word : words) argv.push_back(word.c_str());
    std::vector<Options> cells = parse_options(static_cast<int>(argv.size()), argv.data());
    const auto& plan = run.manifest.at("plan").as_object();
    const auto* const number = plan.if_contains("cell");
    const std::size_t cell = number == nullptr ? 1 : number->to_number<std::size_t>();
    const auto seed = run.manifest.at("seed").to_number<std::uint64_t>();
    const auto time = [&](const char* name) {
      return std::chrono::round<std::chrono::nanoseconds>(
          std::chrono::duration<double>(plan.at(name).to_number<double>()));
    };
    for (Options& options : cells) {
      options.seed = seed + options.cell - cell;
      // As the run began, should the preset have changed since.
      options.looks = boost::json::value_to<std::vector<std::size_t>>(plan.at("looks"));
      options.warmup = time("warmup_s");
      options.closed = time("closed_s");
      options.open = time("open_s");
    }
    Options& first = cells.at(cell - 1);
    first.output = file;
    first.resume = true;
    first.rate = plan.at("rate").to_number<double>();
    check_resumable(run, first);
    std::erase_if(cells, [&](const Options& options) {
      return options.cell < cell ||
             (options.cell > cell && std::filesystem::exists(options.output));
    });
    return cells;
  } catch (const results::BadFile& bad) {
    throw cli::UsageError(std::string("--resume: ") + bad.what());
  }
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
    for (const std::string& word : split_list(text)) all.push_back(parse(word));
    return all;
  });
}

// The work is asked for by the target /cpu/NS, so that a workload with a target of its own has
// none.
void check_handler_cpu(const Options& options) {
  for (const Entry& entry : options.entries) {
    if (entry.handler_cpu_ns == 0) continue;
    const std::string what = "a handler CPU of " + std::to_string(entry.handler_cpu_ns) +
                             "ns (entry '" + entry.name + "') ";
    if (options.workload.target != "/")
      throw cli::UsageError(what + "does not go with --workload '" + options.workload.name + "'");
    if (entry.handler_cpu_ns > workload::max_cpu_ns)
      throw cli::UsageError(what + "is above 1s, the most that a handler works");
  }
}

// Every combination of the flags that take lists.
std::vector<Options> matrix(const Options& base, const po::variables_map& values) {
  const auto handler_cpus = values_of(values, "handler-cpu", parse_handler_cpu);
  const auto connections = values_of(values, "connections", [](std::string_view word) {
    const std::uint64_t number = parse_count(word);
    if (number < 1 || number > 100'000) throw std::invalid_argument("is not between 1 and 100000");
    return static_cast<unsigned>(number);
  });
  std::vector<std::optional<double>> rates{std::nullopt};
  if (values.contains("rate")) {
    rates = values_of(values, "rate", [](std::string_view word) {
      const double rate = parse_rate(word);
      if (rate <= 0) throw std::invalid_argument("is not above 0");
      return std::optional(rate);
    });
  }
  std::vector<Options> cells(handler_cpus.size() * connections.size() * rates.size(), base);
  std::size_t next = 0;
  for (const auto handler_cpu : handler_cpus) {
    for (const unsigned number : connections) {
      for (const auto rate : rates) {
        Options& cell = cells[next++];
        for (Entry& entry : cell.entries) {
          if (entry.peer_file.empty())
            entry.handler_cpu_ns += static_cast<std::uint64_t>(handler_cpu.count());
        }
        check_handler_cpu(cell);
        cell.connections = number;
        cell.rate = rate;
        cell.cell = next;
        cell.cells = cells.size();
        cell.seed += next - 1;
        cell.alpha /= static_cast<double>(cells.size());
        cell.output = cell_file(base.output, next, cells.size());
      }
    }
  }
  return cells;
}

}  // namespace

std::vector<Options> parse_options(int argc, const char* const* argv) {
  const auto text = [](const char* fallback) {
    return po::value<std::string>()->default_value(fallback);
  };
  const auto list = [] { return po::value<std::vector<std::string>>(); };
  po::options_description description("Options");
  // clang-format off
  description.add_options()
      ("backends", text("epoll-oneshot,epoll-et,asio")->value_name("LIST"), "backends to compare; all: every one that is available here")
      ("entry", list()->value_name("SPEC"),
       "one more entry: NAME=BACKEND[,threads=N][,sharing=HOW][,handler-cpu=TIME][,idle=N][,server=PATH]")
      ("peer", list()->value_name("NAME=FILE"), "a foreign server, started as the JSON file says")
      ("server", list()->value_name("NAME=PATH"),
       "another build's duelio-server, with the first of --backends: compares two builds")
      ("reference", po::value<std::string>()->value_name("NAME"), "what ratios refer to (default: the first)")
      ("workload", text("hello")->value_name("NAME"), "hello, pipelined, churn, upload, download or idle")
      ("preset", text("quick")->value_name("NAME"),
       "quick (30 rounds), standard (20, 40 or 80: stops when it can tell), thorough (80, longer slices)")
      ("rounds", po::value<std::string>()->value_name("N"), "exactly N rounds")
      ("slice", po::value<std::string>()->value_name("TIME"), "length of each measured window")
      ("warmup", po::value<std::string>()->value_name("TIME"), "load before each of them, not measured")
      ("accept-noise", "count rounds that the machine disturbed: only to try the tools, the table says so")
      ("only-primary", "run the open loop alone: the primary metric and latency, in half the time")
      ("connections", text("64")->value_name("LIST"), "active connections; of several, each is a run of its own")
      ("rate", po::value<std::string>()->value_name("LIST"),
       "offered requests/s of the open loop (default: 0.3 of what the slowest entry reaches)")
      ("handler-cpu", text("0")->value_name("LIST"), "CPU work in the handler of every backend")
      ("server-cpus", text("0")->value_name("LIST"), "CPUs of the servers")
      ("client-cpus", text("1")->value_name("LIST"), "CPUs of the load generator")
      ("minimum-effect", text("2%")->value_name("RATIO"), "differences below it do not matter")
      ("fail-on", po::value<std::string>()->value_name("RATIO"),
       "a gate: exit 1 if an entry is proven this much worse than the reference (primary metric)")
      ("seed", po::value<std::string>()->value_name("N"), "of the order of slices (default: random, recorded)")
      ("output", po::value<std::string>()->value_name("FILE"), "results file (default: results/runs/<time>.jsonl)")
      ("resume", po::value<std::string>()->value_name("FILE"),
       "go on with an interrupted or killed run, as its manifest says; no other flag")
      ("doctor", "say how fit this machine is, what to change and what each flaw costs, and exit")
      ("dry-run", "print the plan and the time it takes, and exit");
  // clang-format on
  const auto values = cli::parse(tool, argc, argv, description);
  if (!values) return {};

  if (values->contains("resume")) return resumed((*values)["resume"].as<std::string>(), argc);
  Options options;
  options.doctor = values->contains("doctor");
  options.entries = parse_entries(*values);
  options.reference = options.entries.front().name;
  if (values->contains("reference")) {
    options.reference = (*values)["reference"].as<std::string>();
    if (std::none_of(options.entries.begin(), options.entries.end(),
                     [&](const Entry& entry) { return entry.name == options.reference; })) {
      throw cli::UsageError("--reference '" + options.reference + "' is not among the entries");
    }
  }
  options.workload = cli::value(*values, "workload",
                                [](std::string_view name) { return by_name(workloads(), name); });
  const Preset preset =
      cli::value(*values, "preset", [](std::string_view name) { return by_name(presets(), name); });
  options.preset = preset.name;
  options.looks = preset.looks;
  options.warmup = preset.warmup;
  options.closed = preset.closed;
  options.open = preset.open;
  if (values->contains("rounds")) {
    options.looks = {cli::value(*values, "rounds", [](std::string_view word) {
      const std::uint64_t rounds = parse_count(word);
      if (rounds < 1 || rounds > 1000) throw std::invalid_argument("is not between 1 and 1000");
      return static_cast<std::size_t>(rounds);
    })};
  }
  if (values->contains("slice")) {
    options.closed = options.open = cli::value(*values, "slice", [](std::string_view word) {
      const auto time = parse_duration(word);
      if (time < std::chrono::milliseconds(20)) throw std::invalid_argument("is shorter than 20ms");
      return time;
    });
    options.warmup = std::min(options.warmup, options.open);
  }
  if (values->contains("warmup")) {
    options.warmup = cli::value(*values, "warmup", parse_duration);
  }
  options.only_primary = values->contains("only-primary");
  options.accept_noise = values->contains("accept-noise");
  const std::vector<int> allowed = os::allowed_cpus();
  const auto cpus = [&](const char* flag) {
    return cli::value(*values, flag, [&](std::string_view word) {
      auto chosen = parse_cpu_list(word);
      for (const int cpu : chosen) {
        if (std::find(allowed.begin(), allowed.end(), cpu) == allowed.end()) {
          throw std::invalid_argument("names CPU " + std::to_string(cpu) +
                                      ", which this process may not use");
        }
      }
      return chosen;
    });
  };
  if (options.doctor) {  // examines a machine with one CPU, too
    const bool named = !(*values)["client-cpus"].defaulted();
    options.client_cpus = named ? cpus("client-cpus") : std::vector<int>{allowed.back()};
    return {options};
  }
  options.server_cpus = cpus("server-cpus");
  options.client_cpus = cpus("client-cpus");
  options.minimum_effect = cli::value(*values, "minimum-effect", parse_fraction);
  options.seed =
      values->contains("seed") ? cli::value(*values, "seed", parse_count) : std::random_device{}();
  options.output =
      values->contains("output") ? (*values)["output"].as<std::string>() : default_output();
  options.dry_run = values->contains("dry-run");
  if (values->contains("fail-on")) options.fail_on = cli::value(*values, "fail-on", parse_fraction);
  options.command.assign(argv, argv + argc);
  return matrix(options, *values);
}

}  // namespace duelio::compare
