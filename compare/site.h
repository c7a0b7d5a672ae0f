#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <sys/types.h>

#include "compare/generator.h"
#include "compare/options.h"
#include "compare/probe.h"
#include "results/record.h"

// Where the processes of a comparison run: on this host (compare/local.h), or on others, by agents
// (compare/mpi/). A lane and a block know no more of it than this.
namespace duelio::compare {

// A server, seen from outside.
struct ServerLook {
  std::vector<pid_t> processes;  // numbers of its host
  std::size_t threads = 0;
  std::uint64_t rss_bytes = 0;
};

// A window as a lane's two ends saw it.
struct Measured {
  WindowReport report;
  std::int64_t generator_delay_ns = 0;  // of the thread that waited longest for a CPU
  // Outside the window, so the lead-in and the last responses are between them. Empty: nobody asked
  // for them.
  std::vector<ThreadTimes> server_before;
  std::vector<ThreadTimes> server_after;
  bool has_all_time = true;  // no process of a foreign server came or went with part of it
  std::optional<results::AcrossHosts> across;  // none: one host
};

// A server, and what loads it, with the connections between them open. They end with this.
class Ends {
 public:
  Ends() = default;
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  virtual ~Ends() = default;

  virtual ServerLook look() = 0;

  // The server's processes as they were in the last window, where this host has them.
  virtual const std::vector<pid_t>& processes() const noexcept = 0;

  // One window. Throws EntryFailed, or Interrupted.
  virtual Measured measure(const WindowOrder& order, bool looks_at_threads) = 0;

  // A window in which the kernel counts: events per request. None: nothing was answered.
  virtual std::optional<double> count(const WindowOrder& order, Event event) = 0;

  // Throws EntryFailed with what is known of the server.
  virtual void fail(const std::string& what) = 0;

  // Ends the server; its own counters, where it has some. Throws EntryFailed when it does not end
  // well.
  virtual std::optional<boost::json::object> stop() = 0;

  // Takes the latencies that make up a histogram, where somebody wants to see them.
  virtual void keep_samples(const boost::json::object& /*samples*/) {}
};

// CPU time that hypervisors took, of so many CPUs.
struct Stolen {
  std::int64_t ns = 0;
  std::size_t cpus = 0;
};

class Site {
 public:
  Site() = default;
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  virtual ~Site() = default;

  // Before anything is started: the site can do what is asked for. Throws what says why not.
  virtual void prepare(const Options& options) = 0;

  // What it alone knows of where the run is made: its costs, its clocks.
  virtual void describe(results::Manifest& manifest) = 0;

  // What EventCounter can count there.
  virtual std::vector<Event> events() = 0;

  // False when a host of it is lost: nothing more can be measured there.
  virtual bool is_whole() const { return true; }

  virtual Stolen stolen(const results::Plan& plan) = 0;

  // Starts a server, and opens connections to it. `environment_pad` moves the server's stack
  // (Mytkowicz et al., ASPLOS 2009). Throws EntryFailed, or Interrupted.
  virtual std::unique_ptr<Ends> start(const results::EntrySpec& entry,
                                      const results::Manifest& manifest,
                                      std::size_t environment_pad) = 0;
};

}  // namespace duelio::compare
