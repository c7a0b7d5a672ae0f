#include "compare/plan.h"

#include <algorithm>

#include "common/units.h"
#include "compare/cpu_choice.h"
#include "compare/loads.h"
#include "compare/probe.h"
#include "compare/profiles.h"
#include "results/table.h"

namespace duelio::compare {
namespace {

// Measured on the machine of the records.
constexpr double lane_s = 0.06;            // to start and stop a server and a generator
constexpr double connection_s = 0.00008;   // to open and close one
constexpr double calibration_s = 0.7;      // of an entry: three trials
constexpr std::size_t fewest_turns = 4;    // or a block's estimate hangs on one window
constexpr std::size_t isolated_turns = 1;  // what lies between two lanes has to stay short

constexpr double perf_s = 1.5;  // to start perf, and to have it read its samples

using Seconds = std::chrono::duration<double>;

// With the loads as far as they are known.
results::Plan planned(const Options& options) {
  results::Plan plan = options.plan;
  if (plan.loads.empty()) {
    for (const LoadSpec& spec : options.loads) {
      const bool is_open = spec.share || spec.rate;
      plan.loads.push_back(
          {.id = spec.id, .rate = is_open ? std::optional(spec.rate.value_or(1e6)) : std::nullopt});
    }
  }
  if (plan.turns == 0) plan.turns = turns_for(plan, lanes_of(options), options.block_length);
  return plan;
}

}  // namespace

std::size_t turns_for(const results::Plan& plan, std::size_t lanes,
                      std::chrono::nanoseconds block_length) {
  const auto turns = static_cast<std::size_t>(block_length / turn_length(plan, lanes));
  return std::max(turns, plan.isolated ? isolated_turns : fewest_turns);
}

double estimate_s(const Options& options) {
  const results::Plan plan = planned(options);
  const std::size_t lanes = lanes_of(options);
  const double turn_s = Seconds(turn_length(plan, lanes)).count();
  const double counts_s = turn_s * static_cast<double>(countable_events().size());
  const double explain_s = options.explain
                               ? perf_s + Seconds(profile_window).count() *
                                              static_cast<double>(lanes * plan.loads.size())
                               : 0;
  double connections = 0;
  for (const results::EntrySpec& entry : options.entries) {
    const unsigned own =
        plan.connections + options.workload.idle_connections + entry.idle_connections;
    connections += own * (entry.name == options.reference ? 2.0 : 1.0);
  }
  const double block_s = turn_s * static_cast<double>(plan.turns) + counts_s + explain_s +
                         lane_s * static_cast<double>(lanes) + connection_s * connections;
  return calibration_s * static_cast<double>(options.entries.size() + plan.loads.size()) +
         block_s * static_cast<double>(plan.blocks);
}

void print_plan(std::ostream& out, const Options& options) {
  const results::Plan plan = planned(options);
  if (plan.cells > 1) out << "run " << plan.cell << " of " << plan.cells << ": ";
  out << "compare";
  for (const results::EntrySpec& entry : options.entries) {
    out << (&entry == &options.entries.front() ? " " : ", ") << entry.name
        << (entry.name == options.reference ? " (reference, twice)" : "");
  }
  out << "\nworkload " << options.workload.name << ", " << plan.connections << " connections";
  const results::EntrySpec& first = options.entries.front();
  if (first.threads > 1) out << ", " << first.threads << " threads";
  if (first.handler_cpu_ns > 0) out << ", " << first.handler_cpu_ns << " ns of work a request";
  if (plan.network) out << ", " << results::words_of_network(*plan.network);
  out << ", servers on CPU";
  for (const int cpu : plan.server_cpus) out << ' ' << cpu;
  out << ", generators on CPU";
  for (const int cpu : plan.client_cpus) out << ' ' << cpu;
  if (plan.generator_threads) out << " (" << *plan.generator_threads << " threads each)";
  if (plan.generator_polls) out << " (they poll in the open loop)";
  for (const std::string& doubt : doubts_about_cpus(options)) out << "\nwarning  " << doubt;
  out << "\nloads   ";
  for (const LoadSpec& load : options.loads) out << ' ' << load.id;
  out << " (% of what the slowest entry reaches; max: the closed loop)\nblocks   " << plan.blocks
      << " of " << plan.turns << " turns, windows of " << format_duration(plan.window_s)
      << " or longer, seed " << options.seed;
  if (options.explain)
    out << "\nexplain  " << format_duration(Seconds(profile_window).count())
        << " under perf of each entry at each load, behind the turns of a block";
  out << "\ntakes    about " << format_duration(estimate_s(options)) << '\n';
}

void print_plans(std::ostream& out, const std::vector<Options>& cells) {
  double total_s = 0;
  for (const Options& cell : cells) {
    print_plan(out, cell);
    total_s += estimate_s(cell);
  }
  if (cells.size() > 1) out << cells.size() << " runs, " << format_duration(total_s) << " in all\n";
}

}  // namespace duelio::compare
