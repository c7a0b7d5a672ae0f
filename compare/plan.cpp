#include "compare/plan.h"

#include "common/units.h"
#include "compare/probe.h"
#include "compare/slice.h"

namespace duelio::compare {
namespace {

// Measured on the machine of the records.
constexpr double process_s = 0.035;       // to start and stop one
constexpr double connection_s = 0.00008;  // to open and close one

using Seconds = std::chrono::duration<double>;

double slice_s(const Options& options, const Entry& entry, bool counts) {
  int phases = 1;
  double time = Seconds(options.warmup + options.open).count();
  if (!options.only_primary) {
    ++phases;
    time += Seconds(options.warmup + options.closed).count();
    if (counts) {
      ++phases;
      time += Seconds(counted_window.warmup + counted_window.length).count();
    }
  }
  const unsigned connections =
      options.connections + options.workload.idle_connections + entry.idle_connections;
  return time + process_s * (phases + 1) + connection_s * connections * phases;
}

// Each entry once, the reference twice.
double round_s(const Options& options) {
  const bool counts = !countable_events().empty();
  double time = 0;
  for (const Entry& entry : options.entries)
    time += slice_s(options, entry, counts) * (entry.name == options.reference ? 2 : 1);
  return time;
}

}  // namespace

double estimate_s(const Options& options) {
  const double rounds = round_s(options) * static_cast<double>(options.looks.back());
  if (options.rate) return rounds;
  const double calibration =
      Seconds(calibration_window.warmup + calibration_window.length).count() + 2 * process_s;
  return calibration * static_cast<double>(options.entries.size() + 1) + rounds;
}

void print_plan(std::ostream& out, const Options& options) {
  if (options.cells > 1) out << "run " << options.cell << " of " << options.cells << ": ";
  out << "compare";
  for (const Entry& entry : options.entries) {
    out << (&entry == &options.entries.front() ? " " : ", ") << entry.name
        << (entry.name == options.reference ? " (reference, twice a round)" : "");
  }
  out << "\nworkload " << options.workload.name << ", " << options.connections << " connections";
  if (const auto cpu = options.entries.front().handler_cpu_ns)
    out << ", " << cpu << " ns of work a request";
  if (options.rate) out << ", " << format_count(*options.rate) << " requests/s offered";
  out << ", servers on CPU";
  for (const int cpu : options.server_cpus) out << ' ' << cpu;
  out << ", generator on CPU";
  for (const int cpu : options.client_cpus) out << ' ' << cpu;
  if (options.generator_polls()) out << " (polls in the open loop)";
  out << "\nrounds  ";
  for (const std::size_t look : options.looks) out << ' ' << look;
  out << (options.looks.size() > 1 ? " (stops at the first that decides)" : "") << ", "
      << format_duration(round_s(options)) << " a round, seed " << options.seed
      << "\ntakes    at most " << format_duration(estimate_s(options))
      << " unless rounds are repeated\n";
}

}  // namespace duelio::compare
