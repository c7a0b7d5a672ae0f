#include "compare/entries.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include <boost/json.hpp>

#include "common/command_line.h"
#include "common/units.h"
#include "common/workload.h"
#include "compare/peer.h"
#include "compare/process.h"

namespace duelio::compare {
namespace {

using results::EntrySpec;

constexpr unsigned most_threads = 1024;

// An option of a model, as its server's executable lists it.
struct ListedOption {
  std::string name;
  std::string reason;  // why it is not available here; empty: it is
  std::vector<std::string> not_with;
  std::vector<std::string> sharings;  // empty: all
  bool tcp_only = false;
};

// What a server's executable says of itself.
struct Listed {
  std::string name;
  bool is_available = false;
  std::string reason;
  std::vector<std::string> sharings;
  std::vector<ListedOption> options;  // none: it may be older than they are
  bool has_deadlines = false;         // the flag --deadlines; older ones have none
  bool keeps_deadlines = false;
  bool has_unix = false;  // --address unix:PATH; older ones have not

  const ListedOption* option(std::string_view option_name) const {
    const auto found = std::find_if(options.begin(), options.end(),
                                    [&](const auto& each) { return each.name == option_name; });
    return found == options.end() ? nullptr : &*found;
  }
};

std::vector<std::string> words_of(const boost::json::value& array) {
  return boost::json::value_to<std::vector<std::string>>(array);
}

std::vector<Listed> list_backends(const std::string& executable) try {
  Process server({executable, "--list-backends", "--json"}, {});
  const auto line = server.read_line(std::chrono::seconds(10));
  if (!line) throw std::runtime_error(executable + " --list-backends says nothing");
  std::vector<Listed> all;
  const boost::json::value backends = boost::json::parse(*line);
  for (const boost::json::value& backend : backends.as_array()) {
    Listed& listed = all.emplace_back();
    listed.name = backend.at("name").as_string();
    listed.is_available = backend.at("available").as_bool();
    if (const auto* reason = backend.as_object().if_contains("reason");
        reason != nullptr && reason->is_string())
      listed.reason = reason->get_string();
    listed.sharings = words_of(backend.at("sharings"));
    const auto* const deadlines = backend.as_object().if_contains("deadlines");
    listed.has_deadlines = deadlines != nullptr;
    const auto is_true = [](const boost::json::value* value) {
      return value != nullptr && value->as_bool();
    };
    listed.has_unix = is_true(backend.as_object().if_contains("unix"));
    listed.keeps_deadlines = deadlines != nullptr && deadlines->as_bool();
    const auto* const options = backend.as_object().if_contains("options");
    if (options == nullptr) continue;
    for (const boost::json::value& option : options->as_array()) {
      listed.options.push_back({.name = std::string(option.at("name").as_string()),
                                .reason = option.at("available").as_bool()
                                              ? ""
                                              : std::string(option.at("reason").as_string()),
                                .not_with = words_of(option.at("not_with")),
                                .sharings = words_of(option.at("sharings")),
                                .tcp_only = is_true(option.as_object().if_contains("tcp_only"))});
    }
  }
  return all;
} catch (const std::exception& error) {
  throw cli::UsageError("'" + executable +
                        "' does not list backends as a duelio-server does: " + error.what());
}

constexpr std::uint64_t most_idle = 100'000;  // as --connections

unsigned parse_idle(std::string_view text) {
  const std::uint64_t count = parse_count(text);
  if (count > most_idle) throw std::invalid_argument("is above " + std::to_string(most_idle));
  return static_cast<unsigned>(count);
}

// Names stand in tables, lists of flags and names of figures.
void check_name(const std::string& name) {
  const bool is_good = std::all_of(name.begin(), name.end(), [](char letter) {
    return std::isgraph(static_cast<unsigned char>(letter)) != 0 &&
           std::string_view(",/'\"<>&@").find(letter) == std::string_view::npos;
  });
  if (!is_good || name.empty())
    throw cli::UsageError("an entry's name is '" + name +
                          "': letters, digits and marks are allowed, but no blank and none of , / "
                          "' \" < > & @");
}

const std::vector<Listed>& own_backends() {
  static const std::vector<Listed> own = list_backends(executables_folder() + "/duelio-server");
  return own;
}

template <class Parse>
auto parsed(const std::string& flag, const std::string& key, const std::string& value,
            Parse parse) {
  try {
    return parse(value);
  } catch (const std::invalid_argument& error) {
    throw cli::UsageError(flag + " has a bad " + key + ": '" + value + "' " + error.what());
  }
}

std::vector<std::string> split_at_plus(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t plus = text.find('+');
    parts.emplace_back(text.substr(0, plus));
    if (plus == std::string_view::npos) return parts;
    text.remove_prefix(plus + 1);
  }
}

unsigned parse_threads(std::string_view text) {
  const std::uint64_t threads = parse_count(text);
  if (threads < 1 || threads > most_threads)
    throw std::invalid_argument("is not between 1 and 1024");
  return static_cast<unsigned>(threads);
}

bool parse_on(std::string_view text) {
  if (text != "on" && text != "off") throw std::invalid_argument("is neither on nor off");
  return text == "on";
}

constexpr std::string_view form_of_entry =
    " is not NAME=BACKEND[,with=A+B][,deadlines=on][,threads=N][,sharing=HOW][,handler-cpu=TIME]"
    "[,idle=N][,server=PATH]";

EntrySpec parse_entry(const std::string& text) {
  const std::string flag = "--entry '" + text + "'";
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw cli::UsageError(flag + std::string(form_of_entry));
  }
  EntrySpec entry{.name = text.substr(0, equals), .kind = "backend", .threads = 0};
  const auto parts = split_list(std::string_view(text).substr(equals + 1));
  entry.backend = parts.front();
  std::set<std::string> seen;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t at = parts[i].find('=');
    const std::string key = parts[i].substr(0, at);
    const std::string value = at == std::string::npos ? "" : parts[i].substr(at + 1);
    if (!seen.insert(key).second)
      throw cli::UsageError(std::string(flag).append(" has ").append(key).append(" twice"));
    if (key == "threads") {
      entry.threads = parsed(flag, key, value, parse_threads);
    } else if (key == "with") {
      entry.with = split_at_plus(value);
    } else if (key == "deadlines") {
      if (parsed(flag, key, value, parse_on)) entry.deadlines = true;
    } else if (key == "sharing") {
      entry.sharing = value;
    } else if (key == "handler-cpu") {
      entry.handler_cpu_ns =
          static_cast<std::uint64_t>(parsed(flag, key, value, parse_handler_cpu).count());
    } else if (key == "idle") {
      entry.idle_connections = parsed(flag, key, value, parse_idle);
    } else if (key == "server") {
      entry.server = value;
    } else {
      throw cli::UsageError(std::string(flag).append(" has unknown key '").append(key) +
                            "' (with, deadlines, threads, sharing, handler-cpu, idle, server)");
    }
  }
  return entry;
}

// NAME=WHAT of --peer and --server.
std::pair<std::string, std::string> parse_named(const std::string& flag, const std::string& text,
                                                const char* what) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    throw cli::UsageError(flag + " '" + text + "' is not NAME=" + what);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

template <class Strings>
std::string joined(const Strings& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// What is wrong with the options of an entry, "has with='x', which ..."; empty: nothing.
std::string refusal_of_options(const std::vector<std::string>& with, const Listed& backend,
                               const std::string& sharing) {
  for (auto name = with.begin(); name != with.end(); ++name) {
    std::string flag = "has with '";
    flag.append(*name).append("', which ");
    const ListedOption* const option = backend.option(*name);
    if (option == nullptr) {
      std::vector<std::string> known(backend.options.size());
      std::transform(backend.options.begin(), backend.options.end(), known.begin(),
                     [](const ListedOption& each) { return each.name; });
      return flag + backend.name + " does not have (" +
             (known.empty() ? "it has no options" : "it has " + joined(known)) + ")";
    }
    for (auto other = with.begin(); other != name; ++other) {
      if (*other == *name) return flag + "it names twice";
      if (has(option->not_with, *other) || has(backend.option(*other)->not_with, *name))
        return flag.append("excludes '").append(*other).append("'");
    }
    if (!option->sharings.empty() && !has(option->sharings, sharing))
      return flag.append("does not go with sharing '").append(sharing).append("'");
    if (!option->reason.empty()) return flag + "is not available here: " + option->reason;
  }
  return {};
}

// Throws for what its server would refuse.
void require_startable(const EntrySpec& entry, const std::vector<Listed>& own) {
  if (entry.peer_file) {
    return;  // it was read
  }
  const auto refuse = [&](const std::string& what) {
    throw cli::UsageError("entry '" + entry.name + "' " + what);
  };
  if (entry.server && !std::filesystem::is_regular_file(*entry.server))
    refuse("has no server at " + *entry.server);
  const std::vector<Listed> listed = entry.server ? list_backends(*entry.server) : own;
  const auto found = std::find_if(listed.begin(), listed.end(),
                                  [&](const Listed& each) { return each.name == *entry.backend; });
  if (found == listed.end()) {
    std::vector<std::string> names;
    names.reserve(listed.size());
    for (const Listed& each : listed) names.push_back(each.name);
    refuse("has an unknown backend '" + *entry.backend + "' (one of " + joined(names) + ")");
  }
  if (!found->is_available)
    refuse("has a backend that is not available here: " + found->name + ": " + found->reason);
  if (entry.sharing && std::find(found->sharings.begin(), found->sharings.end(), *entry.sharing) ==
                           found->sharings.end()) {
    refuse("has sharing '" + *entry.sharing + "', which " + found->name + " does not know (" +
           joined(found->sharings) + ")");
  }
  if (entry.deadlines && !found->has_deadlines)
    refuse("has deadlines on, which the server at " + *entry.server + " does not know");
  if (entry.deadlines && !found->keeps_deadlines)
    refuse("has deadlines on, which " + found->name +
           " cannot keep; see duelio-server --list-backends");
  const std::string sharing = entry.sharing.value_or(found->sharings.front());
  if (entry.with) {
    if (const std::string refusal = refusal_of_options(*entry.with, *found, sharing);
        !refusal.empty())
      refuse(refusal);
  }
}

}  // namespace

bool has_deadlines(const std::string& executable) {
  static std::map<std::string, bool> known;
  const auto found = known.find(executable);
  if (found != known.end()) return found->second;
  const std::vector<Listed> listed = list_backends(executable);
  return known[executable] = !listed.empty() && listed.front().has_deadlines;
}

std::string refusal_over_unix(const EntrySpec& entry) {
  const std::vector<Listed> listed = entry.server ? list_backends(*entry.server) : own_backends();
  const auto backend = std::find_if(listed.begin(), listed.end(), [&](const Listed& each) {
    return each.name == *entry.backend;
  });
  if (!backend->has_unix)
    return "does not go with --network unix, which the server at " + entry.server.value_or("") +
           " does not know";
  for (const std::string& name : entry.with.value_or(std::vector<std::string>{})) {
    if (backend->option(name)->tcp_only)
      return std::string("has with '")
          .append(name)
          .append("', which does not go with --network unix");
  }
  if (entry.sharing == "steered")
    return "has sharing=steered, which does not go with --network unix";
  if (entry.threads > 1 && entry.sharing.value_or(backend->sharings.front()) != "shared") {
    return "has " + std::to_string(entry.threads) +
           " threads with a listener each, and a Unix socket has one: " +
           (has(backend->sharings, "shared") ? "say sharing=shared"
                                             : "leave it out, or ask for one");
  }
  return {};
}

std::chrono::nanoseconds parse_handler_cpu(std::string_view text) {
  const std::chrono::nanoseconds time = parse_duration(text);
  if (time.count() > static_cast<std::int64_t>(workload::max_cpu_ns))
    throw std::invalid_argument("is above 1s, the most that a handler works");
  return time;
}

std::vector<EntrySpec> parse_entries(const boost::program_options::variables_map& values) {
  const std::vector<Listed>& own = own_backends();
  std::vector<EntrySpec> entries;
  const auto words = [&](const char* flag) {
    return values.contains(flag) ? values[flag].as<std::vector<std::string>>()
                                 : std::vector<std::string>{};
  };
  const std::string& backends = values["backends"].as<std::string>();
  for (const std::string& name : split_list(backends)) {
    if (backends == "none") break;
    if (name.empty() || name.find(' ') != std::string::npos)
      throw cli::UsageError("--backends '" + backends +
                            "' is no list of names with commas between them");
    if (name != "all") {
      entries.push_back({.name = name, .kind = "backend", .backend = name, .threads = 0});
      continue;
    }
    if (backends != "all")
      throw cli::UsageError("--backends '" + backends + "' has 'all' and more");
    for (const Listed& each : own) {
      if (each.is_available)
        entries.push_back(
            {.name = each.name, .kind = "backend", .backend = each.name, .threads = 0});
    }
  }
  for (const std::string& spec : words("entry")) entries.push_back(parse_entry(spec));
  for (const std::string& spec : words("server")) {
    const auto [name, path] = parse_named("--server", spec, "PATH");
    if (entries.empty())
      throw cli::UsageError("--server '" + spec + "' has no backend: --backends is none");
    EntrySpec entry = entries.front();
    entry.name = name;
    entry.server = path;
    entries.push_back(entry);
  }
  for (const std::string& spec : words("peer")) {
    const auto [name, file] = parse_named("--peer", spec, "FILE");
    EntrySpec& entry =
        entries.emplace_back(EntrySpec{.name = name, .kind = "peer", .peer_file = file});
    try {
      const Peer peer = Peer::read(file);
      entry.peer = peer_file_content(file);
      if (!peer.version.empty()) entry.version = version_of(peer);
    } catch (const std::exception& error) {
      throw cli::UsageError(std::string("--peer '")
                                .append(spec)
                                .append("': ")
                                .append(file)
                                .append(" ")
                                .append(error.what()));
    }
  }
  if (entries.empty())
    throw cli::UsageError("nothing to compare: --backends is none and there is no --entry");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    check_name(entries[i].name);
    for (std::size_t j = 0; j < i; ++j) {
      if (entries[i].name == entries[j].name)
        throw cli::UsageError("two entries are named '" + entries[i].name + "'");
    }
    require_startable(entries[i], own);
  }
  return entries;
}

}  // namespace duelio::compare
