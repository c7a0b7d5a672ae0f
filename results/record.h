#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "common/histogram.h"
#include "results/fields.h"
#include "results/manifest.h"

// The results file: JSON Lines, one object a line with a "type": manifest, window, profile, block,
// verdict, end. FORMAT.md describes it, results/results.schema.json fixes it. Each line is written
// with one write and flushed, so a killed run leaves a file whose complete lines load; the windows
// of a block count once its block line is there.
namespace duelio::results {

inline constexpr std::string_view schema = "duelio/2";

// What a lane is in its turn. The reference has two lanes; the second one is the control.
enum class Role : std::uint8_t { reference, control, candidate };
std::string_view to_string(Role role) noexcept;
bool from_string(std::string_view text, Role& role) noexcept;

// What failed in a window: requests and connections, by class and errno.
struct Failure {
  std::string kind;  // "reset", "timeout", "status", ...
  int error = 0;     // errno, 0 where there is none
  std::uint64_t count = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("kind", self.kind, Share::no);
    visit("errno", self.error, Share::no);
    visit("count", self.count, Share::no);
  }
};

// A window whose server and generators are on different hosts, each with a clock of its own.
struct AcrossHosts {
  std::int64_t start_skew_ns = 0;   // from the first to the last of the hosts' first edges
  std::int64_t clock_bound_ns = 0;  // most that a host's clock is off what is known of it
  std::int64_t late_ns = 0;         // by which the last host was told after the load was to begin
  // softirq and irq time of the CPUs in use on the server's host, between its edges: what the
  // kernel does for a network is not a process's. In ticks of 10 ms: sums say something.
  std::int64_t server_irq_ns = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("start_skew_ns", self.start_skew_ns, Share::no);
    visit("clock_bound_ns", self.clock_bound_ns, Share::no);
    visit("late_ns", self.late_ns, Share::no);
    visit("server_irq_ns", self.server_irq_ns, Share::no);
  }
};

// One lane under one load for some milliseconds.
struct Window {
  std::size_t block = 0;  // from 1
  std::size_t turn = 0;   // from 1
  std::string load;
  std::string entry;
  Role role = Role::candidate;
  double at_s = 0;                 // since the run began
  double length_s = 0;             // between its edges
  std::uint64_t scheduled = 0;     // due in it (open loop) or started in it (closed loop)
  std::uint64_t completed = 0;     // of those, as they should be
  std::uint64_t finished = 0;      // responses between the edges, whenever their requests were due
  std::int64_t server_cpu_ns = 0;  // between the edges, all processes of the entry
  double generator_share = 0;      // of the window, its busiest thread; empty polls are no work
  double generator_delay = 0;      // of the window: ready but without a CPU, its worst thread
  // As that, of an entry with no more threads than CPUs: others wait for each other.
  std::optional<double> server_delay;
  // Of the window, how far the edges of the generator's threads, or of several hosts with what
  // their clocks may be off, lay apart; none: there is one.
  std::optional<double> generator_apart;
  double p50_ns = 0;
  double dispatch_lag_p50_ns = 0;
  std::vector<Failure> failures;
  std::optional<std::string> void_cause;  // what the machine or the generator did; none: it counts
  std::optional<AcrossHosts> across;      // none: one host

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("block", self.block, Share::no);
    visit("turn", self.turn, Share::no);
    visit("load", self.load, Share::no);
    visit("entry", self.entry, Share::no);
    visit("role", self.role, Share::no);
    visit("at_s", self.at_s, Share::no);
    visit("length_s", self.length_s, Share::no);
    visit("scheduled", self.scheduled, Share::no);
    visit("completed", self.completed, Share::no);
    visit("finished", self.finished, Share::no);
    visit("server_cpu_ns", self.server_cpu_ns, Share::no);
    visit("generator_share", self.generator_share, Share::no);
    visit("generator_delay", self.generator_delay, Share::no);
    visit("server_delay", self.server_delay, Share::no);
    visit("generator_apart", self.generator_apart, Share::no);
    visit("p50_ns", self.p50_ns, Share::no);
    visit("dispatch_lag_p50_ns", self.dispatch_lag_p50_ns, Share::no);
    visit("failures", self.failures, Share::no);
    visit("void", self.void_cause, Share::no);
    visit("across", self.across, Share::no);
  }
};

// Where a lane's threads were while they had a CPU, sampled in a window of its own behind the
// block's turns.
struct Profile {
  std::size_t block = 0;  // from 1
  std::string load;
  std::string entry;
  Role role = Role::candidate;
  std::vector<std::string> frames;  // "kernel`tcp_sendmsg", "libc.so.6`__send": names to refer to
  // Each the number of its samples, then its frames by their place in `frames`, outermost first.
  std::vector<std::vector<std::uint32_t>> stacks;

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("block", self.block, Share::no);
    visit("load", self.load, Share::no);
    visit("entry", self.entry, Share::no);
    visit("role", self.role, Share::no);
    visit("frames", self.frames, Share::no);
    visit("stacks", self.stacks, Share::no);
  }
};

// What a lane showed at one load over a block: too little in one window, or counted in windows of
// its own.
struct LaneLoad {
  std::string load;
  boost::json::object latency;  // Histogram: of the requests due in the windows that count
  std::optional<double> syscalls_per_request;
  std::optional<double> instructions_per_request;
  std::optional<double> cache_misses_per_request;
  // Of each of the server's threads, in the order of Lane::threads, over the windows that count,
  // with their lead-ins and last responses. None: it has one, or they are not known.
  std::optional<std::vector<std::int64_t>> thread_cpu_ns{};

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("load", self.load, Share::no);
    visit("latency", self.latency, Share::no);
    visit("syscalls_per_request", self.syscalls_per_request, Share::no);
    visit("instructions_per_request", self.instructions_per_request, Share::no);
    visit("cache_misses_per_request", self.cache_misses_per_request, Share::no);
    visit("thread_cpu_ns", self.thread_cpu_ns, Share::no);
  }
};

// What one of a server's threads did over a block, by --stats.
struct LaneThread {
  std::uint64_t accepts = 0;
  std::uint64_t requests = 0;
  std::int64_t cpu_ns = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("accepts", self.accepts, Share::no);
    visit("requests", self.requests, Share::no);
    visit("cpu_ns", self.cpu_ns, Share::no);
  }
};

struct Lane {
  std::string entry;
  Role role = Role::candidate;
  std::uint64_t rss_at_start_bytes = 0;       // when it was ready
  std::uint64_t rss_at_end_bytes = 0;         // with all its connections, after the last window
  std::optional<double> requests_per_wakeup;  // by --stats, over the block; none for a peer
  // How its threads shared connections, and what each did. None: it has one, or they are not known.
  std::optional<std::string> sharing{};
  std::optional<std::vector<LaneThread>> threads{};
  std::vector<LaneLoad> loads;

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("entry", self.entry, Share::no);
    visit("role", self.role, Share::no);
    visit("rss_at_start_bytes", self.rss_at_start_bytes, Share::no);
    visit("rss_at_end_bytes", self.rss_at_end_bytes, Share::no);
    visit("requests_per_wakeup", self.requests_per_wakeup, Share::no);
    visit("sharing", self.sharing, Share::no);
    visit("threads", self.threads, Share::no);
    visit("loads", self.loads, Share::no);
  }
};

// An entry that was left out, from the start or from some block on, and why. The others went on.
struct LeftOut {
  std::string entry;
  std::string why;                    // "could not open its connections: 1020 of 1200, EMFILE"
  std::optional<std::string> load{};  // at which; none: at all

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("entry", self.entry, Share::no);
    visit("why", self.why, Share::no);
    visit("load", self.load, Share::no);
  }
};

// Fresh processes, some turns, and their end. Its line makes its windows count.
struct Block {
  std::size_t block = 0;  // from 1
  double at_s = 0;        // its begin, since the run began
  double length_s = 0;
  double steal_share = 0;  // of the CPUs in use, taken by the hypervisor
  std::vector<Lane> lanes;
  std::optional<std::vector<LeftOut>> left_out{};  // by its end; none: nobody

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("block", self.block, Share::no);
    visit("at_s", self.at_s, Share::no);
    visit("length_s", self.length_s, Share::no);
    visit("steal_share", self.steal_share, Share::no);
    visit("lanes", self.lanes, Share::no);
    visit("left_out", self.left_out, Share::no);
  }
};

struct End {
  bool finished = false;
  std::string reason;  // "complete", "interrupted", or what failed
  double elapsed_s = 0;
  std::vector<LeftOut> left_out;

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("finished", self.finished, Share::no);
    visit("reason", self.reason, Share::no);
    visit("elapsed_s", self.elapsed_s, Share::no);
    visit("left_out", self.left_out, Share::no);
  }
};

// What the run says of one ratio, for readers of the file: everybody can compute it anew from the
// windows, and load() leaves it out.
struct Verdict {
  std::string metric;
  std::string load;
  std::string entry;
  std::string base;
  std::size_t blocks = 0;
  std::optional<double> ratio;  // entry / base
  std::optional<double> low;    // of the simultaneous interval
  std::optional<double> high;
  std::string word;
  std::string why;

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("metric", self.metric, Share::no);
    visit("load", self.load, Share::no);
    visit("entry", self.entry, Share::no);
    visit("base", self.base, Share::no);
    visit("blocks", self.blocks, Share::no);
    visit("ratio", self.ratio, Share::no);
    visit("low", self.low, Share::no);
    visit("high", self.high, Share::no);
    visit("word", self.word, Share::no);
    visit("why", self.why, Share::no);
  }
};

struct Run {
  std::string file;
  Manifest manifest;
  std::vector<Window> windows;    // of whole blocks, in order
  std::vector<Profile> profiles;  // likewise; none without --explain
  std::vector<Block> blocks;
  std::optional<End> end;  // none: the run was killed
  bool truncated = false;  // the last line was cut off, or the last block

  // Why it was not finished, "interrupted"; empty when it was.
  std::string unfinished() const;
  const EntrySpec* entry(std::string_view name) const noexcept;  // nullptr when there is none
  std::vector<LeftOut> left_out() const;  // as far as the file says, also of a killed run
};

// A line of the file: the record's fields behind its "type".
boost::json::object to_line(const Manifest& manifest);  // with "schema"
boost::json::object to_line(const Window& window);
boost::json::object to_line(const Profile& profile);
boost::json::object to_line(const Block& block);
boost::json::object to_line(const Verdict& verdict);
boost::json::object to_line(const End& end);

// What is wrong with a results file: "run.jsonl:3: window.load is missing".
class BadFile : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Reads a results file; what follows the last complete line, and windows without their block line,
// are left out and noted. A file of another schema is refused with one line that says which version
// reads it. Throws BadFile, which names file and line, for anything else that the writer cannot
// have written (text, a directory, compressed data, a file without a manifest, too), and
// std::system_error when it cannot be read.
Run load(const std::string& file);

// Makes an unfinished run fit to be appended to: cuts off a line that is not whole, a block that is
// not whole, and the verdicts and the end that an interruption wrote. The file is replaced in one
// step (rename(2)). Throws std::system_error.
void reopen(const std::string& file);

// Appends lines. Throws std::system_error that names the file.
class Writer {
 public:
  explicit Writer(std::string file);
  void write(const boost::json::object& line);

 private:
  std::string file_;
  std::ofstream stream_;
};

}  // namespace duelio::results
