#include "servers/server.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <stdexcept>

#include <boost/json.hpp>
#include <unistd.h>

#include "common/os/cpu.h"
#include "common/os/error.h"
#include "common/os/socket.h"
#include "common/workload.h"
#include "servers/housekeeper.h"

namespace duelio::server {
namespace {

namespace json = boost::json;

Listeners open_listeners(const Options& options) {
  os::Address address = os::resolve(options.address, options.port);
  const bool shared = options.sharing == Sharing::shared;
  const os::ListenOptions how{.backlog = options.backlog,
                              .reuse_port = !shared && options.threads > 1};
  Listeners listeners;
  for (unsigned i = 0; i < (shared ? 1 : options.threads); ++i) {
    listeners.push_back(os::listen_on(address, how));
    address =
        os::local_address(listeners.front().get());  // the port that the kernel picked for port 0
  }
  return listeners;
}

json::object stats(const Options& options, const Support& support, const Counters& counters) {
  json::object object{{"schema", "duelio-server-stats/1"},
                      {"backend", options.backend->name},
                      {"features", support.features},
                      {"threads", options.threads},
                      {"sharing", to_string(options.sharing)}};
  for (const CounterField& field : counter_fields) {
    const bool counted = is_counted(options.backend->uncounted, field.member);
    object[field.name] = counted ? json::value(counters.*field.member) : json::value(nullptr);
  }
  return object;
}

void write_stats(const std::string& file, std::ostream& out, const json::object& object) {
  if (file == "-") {
    out << json::serialize(object) << '\n' << std::flush;
    return;
  }
  std::ofstream stream(file);
  stream << json::serialize(object) << '\n';
  stream.close();
  if (!stream) throw std::runtime_error("write " + file + " failed");
}

}  // namespace

void list_backends(std::ostream& out, bool as_json) {
  json::array array;
  for (const Backend* backend : all_backends()) {
    const Support support = backend->probe();
    if (!as_json) {
      out << std::left << std::setw(18) << backend->name << backend->model;
      if (!support.features.empty()) out << " (" << support.features << ")";
      if (!support.available) out << " (not available here: " << support.reason << ")";
      out << '\n';
      continue;
    }
    json::array sharings;
    for (const Sharing sharing : backend->sharings) sharings.emplace_back(to_string(sharing));
    array.push_back(json::object{{"name", backend->name},
                                 {"model", backend->model},
                                 {"sharings", std::move(sharings)},
                                 {"available", support.available},
                                 {"reason", support.reason},
                                 {"features", support.features}});
  }
  if (as_json) out << json::serialize(array) << '\n';
}

Support require_available(const Backend& backend) {
  Support support = backend.probe();
  if (support.available) return support;
  throw std::runtime_error("backend " + std::string(backend.name) +
                           " is not available here: " + support.reason);
}

void become(std::string_view executable, char** argv) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string other = self.parent_path() / executable;
  ::execv(other.c_str(), argv);
  os::throw_errno("start " + other);
}

void serve(const Options& options, std::ostream& out) {
  const Support support = require_available(*options.backend);
  if (!options.stats.empty() && options.stats != "-" && !std::ofstream(options.stats)) {
    os::throw_errno("open " + options.stats);  // now, rather than after hours of counting
  }
  os::raise_descriptor_limit();
  // Each by itself first: a set is accepted when one of its CPUs is there.
  for (const int cpu : options.cpus) os::pin_this_thread({cpu});
  if (!options.cpus.empty()) os::pin_this_thread(options.cpus);
  const Housekeeper housekeeper;
  workload::calibrate();
  Listeners listeners = open_listeners(options);
  out << "listening on " << os::to_string(os::local_address(listeners.front().get()))
      << " backend=" << options.backend->name << " threads=" << options.threads
      << " pid=" << ::getpid() << '\n'
      << std::flush;

  const ServerConfig config{.threads = options.threads,
                            .cpus = options.cpus,
                            .sharing = options.sharing,
                            .limits = options.limits,
                            .clock = &housekeeper.clock()};
  const Counters counters = options.backend->run(config, std::move(listeners), housekeeper.stop());
  if (!options.stats.empty()) write_stats(options.stats, out, stats(options, support, counters));
}

}  // namespace duelio::server
