// As Google Benchmark writes its repetitions, for its compare.py and for what draws histories of it
// (github-action-benchmark): a block is a repetition, cpu_time the server's CPU per request,
// real_time the median latency at an offered rate and the time between two responses in the closed
// loop. Behind the repetitions stand the aggregates, NAME_mean and NAME_median among them.

#include <cmath>
#include <map>

#include <boost/json.hpp>

#include "results/export/exporter.h"
#include "results/report/words.h"
#include "results/statistics.h"

namespace duelio::results::exporters {
namespace {

using boost::json::array;
using boost::json::object;

struct Repetition {
  std::vector<double> cpu_ns;  // of each window that counts
  std::vector<double> real_ns;
  std::uint64_t requests = 0;
};

std::map<std::size_t, Repetition> repetitions(const Run& run, const std::string& entry, Role role,
                                              const Load& load) {
  std::map<std::size_t, Repetition> by_block;
  for (const Window& window : run.windows) {
    if (window.entry != entry || window.role != role || window.load != load.id ||
        window.void_cause || window.finished == 0)
      continue;
    const auto finished = static_cast<double>(window.finished);
    Repetition& repetition = by_block[window.block];
    repetition.requests += window.finished;
    repetition.cpu_ns.push_back(static_cast<double>(window.server_cpu_ns) / finished);
    repetition.real_ns.push_back(load.is_open() ? window.p50_ns : window.length_s * 1e9 / finished);
  }
  return by_block;
}

double standard_deviation(const std::vector<double>& values) {
  const double middle = stats::mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - middle) * (value - middle);
  return values.size() < 2 ? 0 : std::sqrt(squares / static_cast<double>(values.size() - 1));
}

class Family {
 public:
  Family(int index, std::string name, std::size_t repetitions)
      : index_(index), name_(std::move(name)), repetitions_(repetitions) {}

  object repetition(const Repetition& repetition) {
    real_ns_.push_back(stats::median(repetition.real_ns));
    cpu_ns_.push_back(stats::median(repetition.cpu_ns));
    object row = head(name_, "iteration");
    row["repetition_index"] = real_ns_.size() - 1;
    row["iterations"] = repetition.requests;
    row["real_time"] = real_ns_.back();
    row["cpu_time"] = cpu_ns_.back();
    row["time_unit"] = "ns";
    return row;
  }

  void add_aggregates(array& rows) const {
    const auto add = [&](const std::string& aggregate, std::string_view unit, auto of) {
      object row = head(name_ + "_" + aggregate, "aggregate");
      row["aggregate_name"] = aggregate;
      row["aggregate_unit"] = unit;
      row["iterations"] = real_ns_.size();
      row["real_time"] = of(real_ns_);
      row["cpu_time"] = of(cpu_ns_);
      row["time_unit"] = "ns";
      rows.push_back(std::move(row));
    };
    add("mean", "time", [](const auto& values) { return stats::mean(values); });
    add("median", "time", [](const auto& values) { return stats::median(values); });
    add("stddev", "time", [](const auto& values) { return standard_deviation(values); });
    add("cv", "percentage",
        [](const auto& values) { return standard_deviation(values) / stats::mean(values); });
  }

 private:
  object head(const std::string& name, std::string_view run_type) const {
    return {{"name", name},      {"family_index", index_}, {"per_family_instance_index", 0},
            {"run_name", name_}, {"run_type", run_type},   {"repetitions", repetitions_},
            {"threads", 1}};
  }

  int index_;
  std::string name_;
  std::size_t repetitions_;
  std::vector<double> real_ns_;
  std::vector<double> cpu_ns_;
};

array benchmarks(const Run& run) {
  array rows;
  int index = 0;
  const auto add = [&](const std::string& entry, Role role, const Load& load) {
    const auto by_block = repetitions(run, entry, role, load);
    if (by_block.empty()) return;
    Family family(index++, entry + (role == Role::control ? "-again/" : "/") + load.id,
                  by_block.size());
    for (const auto& [block, repetition] : by_block) rows.push_back(family.repetition(repetition));
    family.add_aggregates(rows);
  };
  for (const Load& load : run.manifest.plan.loads) {
    for (const EntrySpec& entry : run.manifest.entries) {
      const bool is_reference = entry.name == run.manifest.reference;
      add(entry.name, is_reference ? Role::reference : Role::candidate, load);
      if (is_reference) add(entry.name, Role::control, load);
    }
  }
  return rows;
}

std::string write(std::span<const JudgedRun> runs) {
  const Run& run = runs.front().run;
  const Manifest& manifest = run.manifest;
  return boost::json::serialize(
             object{{"context", object{{"date", manifest.started},
                                       {"host_name", manifest.machine.cpu},
                                       {"executable", command_line(manifest)},
                                       {"num_cpus", manifest.machine.cpus},
                                       {"library_build_type",
                                        manifest.build.preset == "release" ? "release" : "debug"}}},
                    {"benchmarks", benchmarks(run)}}) +
         "\n";
}

}  // namespace

extern const Exporter gbench_json{
    .help = "write the blocks as Google Benchmark does its repetitions; - is stdout",
    .write = write,
    .takes_several = false};

}  // namespace duelio::results::exporters
