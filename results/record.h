#pragma once

#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

// The results file: JSON Lines, one object a line with a "type": manifest, slice, verdict, end.
// Each line is written with one write and flushed, so a killed run leaves a file whose complete
// lines load.
namespace duelio::results {

inline constexpr std::string_view schema = "duelio/1";

// One server process under one load.
struct Slice {
  int round = 0;     // from 1
  int attempt = 1;   // 2 when the round is repeated
  int position = 0;  // order within the round, from 1
  std::string entry;
  std::string role;  // "reference", "control" (the reference again) or "candidate"
  std::uint64_t connections = 0;
  std::uint64_t handler_cpu_ns = 0;
  bool valid = true;
  std::vector<std::string> causes;  // why not
  // "open: steal": why a phase's figures by the wall clock (rates, latencies) do not count, though
  // its CPU time does
  std::vector<std::string> wall_clock_causes;
  double started_s = 0;  // since the run began
  boost::json::object
      phases;  // "closed", "open", "counted": {metrics: {}, latency: histogram, series: []}

  bool keeps_wall_clock(std::string_view phase) const;

  // The value of a metric, if this slice has it.
  std::optional<double> metric(std::string_view phase, std::string_view key) const;
};

boost::json::object to_json(const Slice& slice);

struct Run {
  std::string file;
  boost::json::object manifest;
  std::vector<Slice> slices;
  std::optional<boost::json::object> end;  // none: the run was killed
  bool truncated = false;                  // the last line was cut off

  // Why it was not finished, "interrupted"; empty when it was.
  std::string unfinished() const;
  std::string reference() const;
  std::vector<std::string> entries() const;  // in the manifest's order
};

// What is wrong with a results file: "run.jsonl:3: ...".
class BadFile : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Reads a results file; what follows the last complete line is ignored and noted. Throws BadFile,
// which names the line, for anything else that the writer cannot have written, and
// std::system_error.
Run load(const std::string& file);

// Makes an unfinished run fit to be appended to: cuts off a line that is not whole, and the
// verdicts and the end that an interruption wrote. The file is replaced in one step (rename(2)).
// Throws std::system_error.
void reopen(const std::string& file);

// Appends records. Throws std::system_error that names the file.
class Writer {
 public:
  explicit Writer(std::string file);
  void write(const boost::json::object& record);

 private:
  std::string file_;
  std::ofstream stream_;
};

}  // namespace duelio::results
