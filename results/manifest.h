#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "results/fields.h"
#include "results/machine.h"

// What a run was to be and where it was taken: the first line of a results file.
namespace duelio::results {

// What stands in the comparison under a name.
struct EntrySpec {
  std::string name;
  std::string kind;  // "backend" or "peer"
  std::optional<std::string> backend;
  std::optional<std::string> peer_file;
  std::optional<std::string> server;             // executable of another build
  std::optional<std::string> sharing;            // none: the backend's natural one
  std::optional<std::vector<std::string>> with;  // options of the model; none: as it comes
  std::optional<bool> deadlines;                 // true: the server has them on; none: off
  unsigned threads = 1;
  unsigned idle_connections = 0;  // beside those of the workload
  std::uint64_t handler_cpu_ns = 0;
  std::optional<boost::json::object> peer;  // what stood in the peer file
  std::optional<std::string> version;       // what a foreign server says of itself

  bool operator==(const EntrySpec&) const = default;
  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("name", self.name, Share::no);
    visit("kind", self.kind, Share::always);
    visit("backend", self.backend, Share::always);
    visit("peer_file", self.peer_file, Share::no);
    visit("server", self.server, Share::no);
    visit("sharing", self.sharing, Share::always);
    visit("with", self.with, Share::always);
    visit("deadlines", self.deadlines, Share::always);
    visit("threads", self.threads, Share::always);
    visit("idle_connections", self.idle_connections, Share::always);
    visit("handler_cpu_ns", self.handler_cpu_ns, Share::load);
    visit("peer", self.peer, Share::no);
    visit("version", self.version, Share::no);
  }
};

// What the client does.
struct Workload {
  std::string name;
  std::string target = "/";
  unsigned pipeline = 1;
  std::uint64_t requests_per_connection = 0;  // 0: no limit
  std::string method = "GET";
  std::uint64_t body_bytes = 0;
  unsigned idle_connections = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("name", self.name, Share::no);  // the rest says what it is
    visit("target", self.target, Share::always);
    visit("pipeline", self.pipeline, Share::always);
    visit("requests_per_connection", self.requests_per_connection, Share::always);
    visit("method", self.method, Share::always);
    visit("body_bytes", self.body_bytes, Share::always);
    visit("idle_connections", self.idle_connections, Share::always);
  }
};

// One load of the sweep, the same for all lanes.
struct Load {
  std::string id;              // as --load names it: "10%", "20k", "max"
  std::optional<double> rate;  // offered requests/s; none: the closed loop

  bool is_open() const noexcept { return rate.has_value(); }
  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("id", self.id, Share::load);
    visit("rate", self.rate, Share::no);  // "10%" is another rate on another day
  }
};

struct Plan {
  std::size_t blocks = 0;
  std::size_t turns = 0;  // of a block, at each load
  double alpha = 0;       // of a metric: all its contrasts at all loads together
  double minimum_effect = 0;
  double lead_in_s = 0;  // before each window
  double window_s = 0;   // at least; longer where a few hundred requests take longer
  unsigned connections = 0;
  std::vector<Load> loads;  // ascending, the closed loop last
  std::vector<int> server_cpus;
  std::vector<int> client_cpus;
  std::optional<unsigned> generator_threads;  // of each generator, on client_cpus; none: one
  bool generator_polls = false;               // in the open loop: its CPUs are its own
  bool isolated = false;               // one lane alive at a time: only for the study of bias
  bool accept_noise = false;           // void windows count: only to try the tools
  std::optional<std::string> network;  // "unix", "veth" or "hosts"; none: loopback
  std::size_t cell = 1;                // of the matrix of runs that one command made, from 1
  std::size_t cells = 1;

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("blocks", self.blocks, Share::no);
    visit("turns", self.turns, Share::no);
    visit("alpha", self.alpha, Share::no);
    visit("minimum_effect", self.minimum_effect, Share::no);
    visit("lead_in_s", self.lead_in_s, Share::load);
    visit("window_s", self.window_s, Share::load);
    visit("connections", self.connections, Share::load);
    visit("loads", self.loads, Share::load);
    visit("server_cpus", self.server_cpus, Share::always);
    visit("client_cpus", self.client_cpus, Share::always);
    visit("generator_threads", self.generator_threads, Share::always);
    visit("generator_polls", self.generator_polls, Share::always);
    visit("isolated", self.isolated, Share::always);
    visit("accept_noise", self.accept_noise, Share::always);
    visit("network", self.network, Share::always);
    visit("cell", self.cell, Share::no);
    visit("cells", self.cells, Share::no);
  }
};

// How the loads were found: what each entry reached in the closed loop, a rate for each trial.
struct Trial {
  std::string entry;
  std::vector<double> rates;

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("entry", self.entry, Share::no);
    visit("rates", self.rates, Share::no);
  }
};

// The clock of a host against that of the one that conducts.
struct HostClock {
  unsigned host = 0;  // a rank
  std::int64_t offset_ns = 0;
  std::int64_t bound_ns = 0;  // the offset is not further off than that

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("host", self.host, Share::no);
    visit("offset_ns", self.offset_ns, Share::no);
    visit("bound_ns", self.bound_ns, Share::no);
  }
};

// The hosts of a run by MPI: ranks, never names or addresses.
struct HostsUsed {
  unsigned server = 0;
  std::vector<unsigned> clients;
  unsigned generators = 0;        // one on each of the clients
  bool one_kernel = false;        // all of them are one machine: namespaces, or containers
  std::vector<HostClock> clocks;  // as the run began

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("server", self.server, Share::no);
    visit("clients", self.clients, Share::no);
    visit("generators", self.generators, Share::always);
    visit("one_kernel", self.one_kernel, Share::always);
    visit("clocks", self.clocks, Share::no);
  }
};

struct Build {
  std::string version;
  std::string revision;
  std::string preset;
  std::string compiler;
  std::string flags;
  std::string boost;
  // "3f2a... duelio-server", SHA-256; of another build's server with its entry's name before it.
  std::optional<std::vector<std::string>> executables;  // none: in older files

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("version", self.version, Share::no);
    visit("revision", self.revision, Share::no);
    visit("preset", self.preset, Share::always);
    visit("compiler", self.compiler, Share::always);
    visit("flags", self.flags, Share::always);
    visit("boost", self.boost, Share::always);
    visit("executables", self.executables, Share::no);
  }
};

struct Manifest {
  std::vector<std::string> command;
  std::string started;  // UTC, ISO 8601
  std::uint64_t seed = 0;
  std::string preset;
  std::string reference;
  std::vector<EntrySpec> entries;
  Workload workload;
  Plan plan;
  std::vector<Trial> calibration;
  Machine machine;  // the servers'
  Build build;
  std::optional<HostsUsed> hosts;  // none: one

  template <class Self, class Visit>
  static void fields(Self& self, Visit visit) {
    visit("command", self.command, Share::no);
    visit("started", self.started, Share::no);
    visit("seed", self.seed, Share::no);
    visit("preset", self.preset, Share::no);
    visit("reference", self.reference, Share::always);
    visit("entries", self.entries, Share::no);  // those of one name are held against each other
    visit("workload", self.workload, Share::always);
    visit("plan", self.plan, Share::always);
    visit("calibration", self.calibration, Share::no);
    visit("machine", self.machine, Share::always);
    visit("build", self.build, Share::always);
    visit("hosts", self.hosts, Share::always);
  }
};

}  // namespace duelio::results
