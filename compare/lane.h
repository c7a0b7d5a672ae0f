#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "common/histogram.h"
#include "compare/generator.h"
#include "compare/probe.h"
#include "compare/server.h"
#include "compare/site.h"
#include "results/record.h"

namespace duelio::compare {

// A server and a generator whose connections to it are open. It sleeps unless it is asked for a
// window.
class Lane {
 public:
  // `environment_pad` moves the server's stack: Mytkowicz et al., ASPLOS 2009. Throws EntryFailed,
  // or Interrupted.
  Lane(const results::EntrySpec& entry, results::Role role, const results::Manifest& manifest,
       Site& site, std::size_t environment_pad);

  const results::EntrySpec& entry() const noexcept { return entry_; }

  // One window; all lanes get the same schedule for the same seed. `at_s`, block and turn are the
  // caller's to fill in. Throws EntryFailed, or Interrupted.
  results::Window measure(const results::Load& load, std::uint64_t seed);

  // As that, with the kernel counting: costs the server time, so that nothing else is taken from
  // it.
  void count(const results::Load& load, std::uint64_t seed, const std::vector<Event>& events);

  // A window that is watched from outside (compare/sampler.h). Throws EntryFailed, or Interrupted.
  void work(const results::Load& load, std::uint64_t seed, std::chrono::nanoseconds length);

  // The server's, as they were in the last window.
  const std::vector<pid_t>& processes() const noexcept { return ends_->processes(); }

  // Throws EntryFailed with what is known of its server.
  void fail(const std::string& why) { ends_->fail(why); }

  // Ends the server. What the lane showed over the block. Throws EntryFailed.
  results::Lane finish();

 private:
  struct AtLoad {
    Histogram latency;
    results::LaneLoad shown;
    std::map<pid_t, std::int64_t> thread_cpu_ns;  // by thread
    std::vector<std::int64_t> samples_ns;         // where generators were asked for them
  };
  AtLoad& at(const results::Load& load);
  void keep_threads(const boost::json::object& stats);
  void keep_samples(AtLoad& at_load);
  WindowOrder order(const results::Load& load, std::uint64_t seed) const;

  const results::EntrySpec& entry_;
  const results::Plan& plan_;
  results::Lane shown_;
  std::unique_ptr<Ends> ends_;
  bool waits_for_itself_;  // more threads than CPUs
  bool has_threads_;       // several, that are alike: one's CPU time is told from another's
  std::vector<AtLoad> loads_;
};

}  // namespace duelio::compare
