#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <vector>

#include "compare/mpi/conductor.h"
#include "compare/site.h"

namespace duelio::compare {

// Hosts of an MPI job: a server on one, a generator on each of others.
class RemoteSite : public Site {
 public:
  explicit RemoteSite(Conductor& conductor) : conductor_(conductor) {}

  void prepare(const Options& options) override;
  void describe(results::Manifest& manifest) override;
  std::vector<Event> events() override { return {}; }  // counters are read where the server is
  bool is_whole() const override { return !conductor_.has_lost_one(); }
  Stolen stolen(const results::Plan& plan) override;
  std::unique_ptr<Ends> start(const results::EntrySpec& entry, const results::Manifest& manifest,
                              std::size_t environment_pad) override;

 private:
  friend class RemoteEnds;

  // When a window is to begin, by this host's clock: late enough for all to be told.
  std::int64_t next_start() const;
  void was_late(bool any);
  void compare_clocks_if_old();
  void compare_clocks(unsigned round_trips);
  static std::int64_t drift_between(const ClockEstimate& one, const ClockEstimate& other);
  std::int64_t bound_ns() const;

  Conductor& conductor_;
  results::HostsUsed hosts_;
  std::map<int, ClockEstimate> clocks_;  // by rank
  std::int64_t compared_ns_ = 0;
  std::int64_t notice_ns_ = 3'000'000;
  std::uint64_t lanes_ = 0;
  bool tells_samples_ = false;
  std::ofstream samples_;
};

}  // namespace duelio::compare
