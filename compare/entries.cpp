#include "compare/entries.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include <boost/json.hpp>

#include "common/command_line.h"
#include "common/units.h"
#include "common/workload.h"
#include "compare/process.h"

namespace duelio::compare {
namespace {

// NAME=BACKEND[,threads=N][,sharing=HOW][,handler-cpu=TIME][,idle=N][,server=PATH]
Entry parse_entry(const std::string& text) {
  const auto fail = [&](const std::string& what) {
    throw cli::UsageError("--entry '" + text + "' " + what);
  };
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    fail("is not NAME=BACKEND[,threads=N][,sharing=HOW][,handler-cpu=TIME][,idle=N][,server=PATH]");
  Entry entry{.name = text.substr(0, equals)};
  const auto parts = split_list(std::string_view(text).substr(equals + 1));
  entry.backend = parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    const std::size_t at = part.find('=');
    const std::string key = part.substr(0, at);
    const std::string value = at == std::string::npos ? "" : part.substr(at + 1);
    try {
      if (key == "threads") {
        entry.threads = static_cast<unsigned>(parse_count(value));
      } else if (key == "sharing") {
        entry.sharing = value;
      } else if (key == "handler-cpu") {
        entry.handler_cpu_ns = static_cast<std::uint64_t>(parse_handler_cpu(value).count());
      } else if (key == "idle") {
        entry.idle_connections = static_cast<unsigned>(parse_count(value));
      } else if (key == "server") {
        entry.server = value;
      } else {
        fail("has unknown key '" + key + "' (threads, sharing, handler-cpu, idle, server)");
      }
    } catch (const std::invalid_argument& error) {
      fail(std::string("has a bad ").append(key).append(": '").append(value).append("' ") +
           error.what());
    }
  }
  return entry;
}

Entry parse_peer(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    throw cli::UsageError("--peer '" + text + "' is not NAME=FILE");
  }
  return {.name = text.substr(0, equals), .peer_file = text.substr(equals + 1)};
}

// As the server beside us lists them, the reference first.
std::vector<std::string> available_backends() {
  Process server({executables_folder() + "/duelio-server", "--list-backends", "--json"}, {});
  const auto line = server.read_line(std::chrono::seconds(10));
  if (!line) throw std::runtime_error("duelio-server --list-backends says nothing");
  std::vector<std::string> names;
  const boost::json::value all = boost::json::parse(*line);
  for (const boost::json::value& backend : all.as_array()) {
    if (backend.at("available").as_bool()) names.emplace_back(backend.at("name").as_string());
  }
  return names;
}

}  // namespace

std::chrono::nanoseconds parse_handler_cpu(std::string_view text) {
  const std::chrono::nanoseconds time = parse_duration(text);
  if (time.count() > static_cast<std::int64_t>(workload::max_cpu_ns))
    throw std::invalid_argument("is above 1s, the most that a handler works");
  return time;
}

std::vector<Entry> parse_entries(const boost::program_options::variables_map& values) {
  std::vector<Entry> entries;
  const std::string& backends = values["backends"].as<std::string>();
  if (backends != "none") {
    for (const std::string& name :
         backends == "all" ? available_backends() : split_list(backends)) {
      if (name.empty()) throw cli::UsageError("--backends '" + backends + "' has an empty name");
      entries.push_back({.name = name, .backend = name});
    }
  }
  if (values.contains("entry")) {
    for (const auto& spec : values["entry"].as<std::vector<std::string>>())
      entries.push_back(parse_entry(spec));
  }
  if (values.contains("server")) {
    for (const auto& spec : values["server"].as<std::vector<std::string>>()) {
      const std::size_t equals = spec.find('=');
      if (equals == std::string::npos || equals == 0 || equals + 1 == spec.size())
        throw cli::UsageError("--server '" + spec + "' is not NAME=PATH");
      if (entries.empty())
        throw cli::UsageError("--server '" + spec + "' has no backend: --backends is none");
      Entry entry = entries.front();
      entry.name = spec.substr(0, equals);
      entry.server = spec.substr(equals + 1);
      entries.push_back(entry);
    }
  }
  if (values.contains("peer")) {
    for (const auto& spec : values["peer"].as<std::vector<std::string>>())
      entries.push_back(parse_peer(spec));
  }
  if (entries.empty())
    throw cli::UsageError("nothing to compare: --backends is none and there is no --entry");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (entries[i].name == entries[j].name) {
        throw cli::UsageError("two entries are named '" + entries[i].name + "'");
      }
    }
  }
  return entries;
}

}  // namespace duelio::compare
