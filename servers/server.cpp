#include "servers/server.h"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <optional>
#include <stdexcept>

#include <boost/json.hpp>
#include <unistd.h>

#include "common/os/address.h"
#include "common/os/cpu.h"
#include "common/os/error.h"
#include "common/os/socket.h"
#include "common/os/socket_file.h"
#include "common/units.h"
#include "common/workload.h"
#include "servers/clock_signal.h"
#include "servers/listeners.h"

namespace duelio::server {
namespace {

namespace json = boost::json;

void put_counters(json::object& object, const Backend& backend, const Counters& counters) {
  for (const CounterField& field : counter_fields) {
    const bool counted = is_counted(backend.uncounted, field.member);
    object[field.name] = counted ? json::value(counters.*field.member) : json::value(nullptr);
  }
}

json::value threads_of(const Backend& backend, const std::vector<ThreadCount>& by_thread) {
  if (by_thread.empty()) return nullptr;
  json::array all;
  for (const ThreadCount& each : by_thread) {
    json::object thread{{"id", each.id}, {"cpu_ns", each.cpu_ns}};
    put_counters(thread, backend, each.counters);
    all.push_back(std::move(thread));
  }
  return all;
}

json::object stats(const Options& options, const Support& support, const Counters& counters,
                   const std::vector<ThreadCount>& by_thread) {
  json::object object{{"schema", "duelio-server-stats/1"}, {"backend", options.backend->name},
                      {"features", support.features},      {"with", json::value_from(options.with)},
                      {"threads", options.threads},        {"sharing", to_string(options.sharing)},
                      {"deadlines", options.deadlines}};
  put_counters(object, *options.backend, counters);
  object["by_thread"] = threads_of(*options.backend, by_thread);
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

json::array names_of(std::span<const Sharing> sharings) {
  json::array names;
  for (const Sharing sharing : sharings) names.emplace_back(to_string(sharing));
  return names;
}

json::array options_of(const Backend& backend) {
  json::array array;
  for (const Option& option : backend.options) {
    const Support support = option.probe();
    array.push_back(json::object{{"name", option.name},
                                 {"about", option.about},
                                 {"available", support.available},
                                 {"reason", support.reason},
                                 {"not_with", json::value_from(option.not_with)},
                                 {"sharings", names_of(option.sharings)},
                                 {"tcp_only", option.tcp_only}});
  }
  return array;
}

void list_option(std::ostream& out, const Option& option) {
  const Support support = option.probe();
  out << "    --with " << std::left << std::setw(20) << option.name << option.about;
  if (!support.available) out << " (not available here: " << support.reason << ")";
  out << '\n';
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
      if (!backend->no_deadlines.empty()) out << " (no deadlines: " << backend->no_deadlines << ")";
      out << '\n';
      for (const Option& option : backend->options) list_option(out, option);
      continue;
    }
    array.push_back(json::object{{"name", backend->name},
                                 {"model", backend->model},
                                 {"sharings", names_of(backend->sharings)},
                                 {"available", support.available},
                                 {"reason", support.reason},
                                 {"features", support.features},
                                 {"options", options_of(*backend)},
                                 {"deadlines", backend->no_deadlines.empty()},
                                 {"unix", true}});
  }
  if (as_json) out << json::serialize(array) << '\n';
}

Support require_available(const Options& options) {
  Support support = options.backend->probe();
  const std::string name(options.backend->name);
  if (!support.available)
    throw std::runtime_error("backend " + name + " is not available here: " + support.reason);
  for (const std::string_view each : options.with) {
    const Support of_option = find_option(*options.backend, each)->probe();
    if (!of_option.available) {
      throw std::runtime_error("--with '" + std::string(each) + "' of backend " + name +
                               " is not available here: " + of_option.reason);
    }
  }
  return support;
}

void become(std::string_view executable, char** argv) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string other = self.parent_path() / executable;
  StopSignals::hold_for_next_program();
  ::execv(other.c_str(), argv);
  os::throw_errno("start " + other);
}

void serve(const Options& options, const StopSignals& signals, std::ostream& out) {
  const Support support = require_available(options);
  if (!options.stats.empty() && options.stats != "-" && !std::ofstream(options.stats)) {
    os::throw_errno("open " + options.stats);  // now, rather than after hours of counting
  }
  os::raise_descriptor_limit();
  if (!options.cpus.empty()) os::pin_this_thread(options.cpus);
  const ClockSignal clock;
  workload::calibrate();
  Listeners listeners = open_listeners(options);
  if (listeners.empty()) return;  // a stop came while the port was waited for
  const os::Address address = os::local_address(listeners.front().get());
  std::optional<os::SocketFile> socket_file;  // goes when the listener does, at the latest
  if (address.family() == AF_UNIX) socket_file.emplace(address);
  out << "listening on " << os::to_string(address) << " backend=" << options.backend->name
      << " threads=" << options.threads << " pid=" << ::getpid() << '\n'
      << std::flush;

  std::optional<ConnectionLimit> connections;
  if (options.max_connections > 0) connections.emplace(options.max_connections);
  std::vector<ThreadCount> by_thread;
  const ServerConfig config{
      .threads = options.threads,
      .cpus = options.cpus,
      .sharing = options.sharing,
      .limits = options.limits,
      .clock = &clock.clock(),
      .drain_limit = options.drain_limit,
      .with = options.with,
      .deadlines = options.deadlines ? std::optional(http::Deadlines{}) : std::nullopt,
      .connections = connections ? &*connections : nullptr,
      .by_thread = options.stats.empty() ? nullptr : &by_thread,
      .backlog = options.backlog,
      .socket_file = socket_file ? &*socket_file : nullptr};
  const Counters counters = options.backend->run(config, std::move(listeners), signals.stop());
  if (counters.drain_cut > 0) {
    const double limit = std::chrono::duration<double>(options.drain_limit).count();
    std::cerr << tool.name << ": cut " << counters.drain_cut
              << (counters.drain_cut == 1 ? " connection" : " connections")
              << " that had not ended " << format_duration(limit)
              << " after the stop (--drain-limit)\n";
  }
  if (!options.stats.empty())
    write_stats(options.stats, out, stats(options, support, counters, by_thread));
}

}  // namespace duelio::server
