#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "results/record.h"
#include "results/verdict.h"

// The numbers behind the figures: flat tables, one object a row, as Vega-Lite reads them. A
// figure's spec names its table, so a user can paste spec and table into a notebook.
namespace duelio::results {

// A run with everything that is derived from it.
struct Report {
  explicit Report(Run run);

  Run run;
  Rule rule;
  std::size_t rounds = 0;    // valid ones
  std::size_t attempts = 0;  // rounds run, repeated ones included
  std::vector<MetricVerdict>
      verdicts;  // the primary first; metrics that were not measured are left out

  const MetricVerdict* primary() const noexcept;
  // "backend"; "peer" for a foreign server, "floor" for one that does no more than it must.
  std::string_view kind(std::string_view entry) const;
  std::string label(std::string_view entry) const;  // "epoll-et", "nginx (peer)"
};

// Four digits are more than any figure shows; fewer bytes for large runs.
double rounded(double value);

// The slices of valid rounds that stand for an entry; the control is the reference again and left
// out.
std::vector<const Slice*> slices_of(const Report& report, std::string_view entry);

// The median and the middle half, rounded. Pre: not empty.
struct Middle {
  double median;
  double low;
  double high;
};
Middle middle_of(std::vector<double> values);

// {entry, kind, title, ratio, low, high, word, band_low, band_high}
boost::json::array ratio_rows(const MetricVerdict& verdict, const Report& report);
// {entry, percentile, nines, us, low_us, high_us}: at the offered rate, percentiles with enough
// samples behind
boost::json::array latency_rows(const Report& report);
// {entry, part, order, us}
boost::json::array cpu_rows(const Report& report);
// What is counted for each request besides time.
struct Count {
  std::string_view id;     // of its figure, "counts-syscalls"
  std::string_view key;    // slice.counted.metrics[key]
  std::string_view title;  // "system calls"
};
std::span<const Count> counts() noexcept;
// {entry, count}
boost::json::array count_rows(const Report& report, const Count& count);
// {entry, kib}: growth of the resident memory over the slice for each connection
boost::json::array memory_rows(const Report& report);
// {entry, role, round, attempt, minutes, us, valid, causes}
boost::json::array round_rows(const Report& report);
// {entry, round, second, rate, us}: rate and p99 of each second at the offered rate, of slices with
// two or more
boost::json::array second_rows(const Report& report);

}  // namespace duelio::results
