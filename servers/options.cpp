#include "servers/options.h"

#include <algorithm>
#include <limits>

#include "common/command_line.h"
#include "common/os/address.h"
#include "common/os/cpu.h"
#include "common/units.h"

namespace duelio::server {

namespace po = boost::program_options;

const cli::Tool tool{
    .name = "duelio-server",
    .summary =
        "Serves HTTP/1.1 on one port, or at a Unix socket, with the I/O model of your choice. "
        "Everything but the model "
        "is shared.",
    .synopsis = "--backend NAME [options]",
    .examples = {"duelio-server --backend epoll-oneshot",
                 "duelio-server --backend epoll-et --port 0 --threads 2 --cpus 0,1 --stats -",
                 "duelio-server --backend epoll-et --with batch-1",
                 "duelio-server --backend epoll-et --address unix:/run/duelio.sock",
                 "duelio-server --list-backends"},
};

namespace {

std::string names_of_backends() {
  std::string names;
  for (const Backend* backend : all_backends()) {
    names += (names.empty() ? "" : ", ") + std::string(backend->name);
  }
  return names;
}

// A value that `parse` reads, between two others that `format` writes.
template <class T, class Parse, class Format>
T between(const po::variables_map& values, const char* flag, T min, T max, Parse parse,
          Format format) {
  return cli::value(values, flag, [&](std::string_view text) {
    const T value = parse(text);
    if (value < min || value > max) {
      throw std::invalid_argument("is not between " + format(min) + " and " + format(max));
    }
    return value;
  });
}

std::uint64_t count_between(const po::variables_map& values, const char* flag, std::uint64_t min,
                            std::uint64_t max) {
  return between(values, flag, min, max, parse_count,
                 [](std::uint64_t count) { return std::to_string(count); });
}

std::uint64_t bytes_between(const po::variables_map& values, const char* flag, std::uint64_t min,
                            std::uint64_t max) {
  return between(values, flag, min, max, parse_bytes,
                 [](std::uint64_t bytes) { return format_bytes(static_cast<double>(bytes)); });
}

std::chrono::milliseconds milliseconds_between(const po::variables_map& values, const char* flag,
                                               std::chrono::nanoseconds min,
                                               std::chrono::nanoseconds max) {
  return std::chrono::ceil<std::chrono::milliseconds>(
      between(values, flag, min, max, parse_duration, [](std::chrono::nanoseconds duration) {
        return format_duration(std::chrono::duration<double>(duration).count());
      }));
}

bool is_on(const po::variables_map& values, const char* flag) {
  return cli::value(values, flag, [](std::string_view text) {
    if (text != "on" && text != "off") throw std::invalid_argument("is neither on nor off");
    return text == "on";
  });
}

std::string deadlines_help() {
  const auto text = [](std::chrono::milliseconds length) {
    return std::to_string(std::chrono::ceil<std::chrono::seconds>(length).count()) + " s";
  };
  const http::Deadlines lengths;
  return "on or off: whether a peer that takes too long is let go: idle " + text(lengths.idle) +
         ", a head " + text(lengths.head) + ", the next byte of a body " + text(lengths.body) +
         " (408), its end after a refusal " + text(lengths.linger) +
         ", the next byte of an answer " + text(lengths.write) +
         "; off where --list-backends says that the model keeps none";
}

// The value of a flag that has one of its own when it is left out.
std::string text_of(const po::variables_map& values, const char* flag) {
  if (values[flag].defaulted()) return values[flag].as<std::string>();
  return cli::value(values, flag, [](std::string_view text) {
    if (text.empty()) throw std::invalid_argument("is empty");
    return std::string(text);
  });
}

// Every one of them must be there: the kernel takes a set when one of its CPUs is.
std::vector<int> parse_cpus(const po::variables_map& values) {
  if (values["cpus"].defaulted()) return {};
  return cli::value(values, "cpus", [](std::string_view text) {
    std::vector<int> cpus = parse_cpu_list(text);
    const std::vector<int> allowed = os::allowed_cpus();
    for (const int cpu : cpus) {
      if (std::ranges::find(allowed, cpu) != allowed.end()) continue;
      std::string names;
      for (const int each : allowed) names += (names.empty() ? "" : ",") + std::to_string(each);
      throw std::invalid_argument("names CPU " + std::to_string(cpu) +
                                  ", which this process may not run on (it may on " + names + ")");
    }
    return cpus;
  });
}

Sharing parse_sharing(const po::variables_map& values, const Backend& backend) {
  if (!values.contains("sharing")) return backend.sharings.front();
  return cli::value(values, "sharing", [&](std::string_view text) {
    std::string known;
    for (const Sharing sharing : backend.sharings) {
      if (text == to_string(sharing)) return sharing;
      known += (known.empty() ? "" : ", ") + std::string(to_string(sharing));
    }
    throw std::invalid_argument("is not known to " + std::string(backend.name) + " (knows " +
                                known + ")");
  });
}

// Names of the backend's options: views of its own, for they outlive the flag's text.
std::vector<std::string_view> parse_with(const po::variables_map& values, const Backend& backend,
                                         Sharing sharing) {
  if (!values.contains("with")) return {};
  return cli::value(values, "with", [&](std::string_view text) {
    const std::vector<std::string> parts = split_list(text);
    const std::vector<std::string_view> names(parts.begin(), parts.end());
    if (const std::string refusal = refusal_of_options(backend, names, sharing); !refusal.empty())
      throw std::invalid_argument(refusal);
    std::vector<std::string_view> known(names.size());
    std::transform(names.begin(), names.end(), known.begin(),
                   [&](std::string_view name) { return find_option(backend, name)->name; });
    return known;
  });
}

bool is_unix(const Options& options) noexcept {
  return options.address.starts_with(os::unix_prefix);
}

std::string parse_address(const po::variables_map& values) {
  std::string address = text_of(values, "address");
  if (!address.starts_with(os::unix_prefix)) return address;
  cli::value(values, "address", [](std::string_view text) {
    return os::unix_address(text.substr(os::unix_prefix.size()));
  });
  if (!values["port"].defaulted())
    throw cli::UsageError("--port does not go with --address '" + address +
                          "': a Unix socket has none");
  return address;
}

// A path has one listener: SO_REUSEPORT is of ports (socket(7)).
void check_unix(const Options& options) {
  if (!is_unix(options)) return;
  const Backend& backend = *options.backend;
  const std::string flag = "--address '" + options.address + "' ";
  for (const std::string_view name : options.with) {
    if (find_option(backend, name)->tcp_only)
      throw cli::UsageError(flag + "does not go with --with '" + std::string(name) +
                            "', which is for TCP");
  }
  if (options.sharing == Sharing::steered)
    throw cli::UsageError(flag + "does not go with --sharing steered, which is for TCP");
  if (options.threads == 1 || options.sharing == Sharing::shared) return;
  const bool can_share =
      std::ranges::find(backend.sharings, Sharing::shared) != backend.sharings.end();
  throw cli::UsageError(
      flag + "has one listener, and --threads " + std::to_string(options.threads) + " of " +
      std::string(backend.name) + " want one each" +
      (can_share ? "; --sharing shared has them share it" : ", which it cannot do otherwise"));
}

}  // namespace

std::optional<Options> parse_options(int argc, const char* const* argv) {
  const auto text = [](const char* fallback) {
    return po::value<std::string>()->default_value(fallback);
  };
  po::options_description description("Options");
  // clang-format off
  description.add_options()
      ("backend", po::value<std::string>()->value_name("NAME"), "the I/O model; see --list-backends")
      ("with", po::value<std::string>()->value_name("OPTION,..."),
       "options of the model, with commas between them; see --list-backends")
      ("list-backends", "print name, model, options and availability of every backend, and exit")
      ("json", "with --list-backends: as a JSON array")
      ("address", text("127.0.0.1")->value_name("HOST"), "the address to listen on, or unix:PATH for a Unix socket")
      ("port", text("8000")->value_name("N"), "the port; 0 picks a free one")
      ("threads", text("1")->value_name("N"), "worker threads")
      ("sharing", po::value<std::string>()->value_name("HOW"),
       "how threads share connections: per-thread (a listener each), shared (one set for all), exclusive (one listener, which wakes "
       "one of them) or steered (a listener each, by the CPU on which a connection arrives); a model knows some, and its natural one "
       "is the default, see --list-backends --json")
      ("cpus", text("")->value_name("LIST"), "CPUs to run on, one a thread in turn, such as 0,2-3")
      ("backlog", text("4096")->value_name("N"), "connections that may wait to be accepted")
      ("max-head", text("8KiB")->value_name("BYTES"), "limit of a request's head (431, or 414)")
      ("max-body", text("64MiB")->value_name("BYTES"), "limit of a request's body (413)")
      ("drain-limit", text("1s")->value_name("T"),
       "at a stop: how long what was received may take to be answered")
      ("deadlines", text("on")->value_name("HOW"), deadlines_help().c_str())
      ("max-connections", text("0")->value_name("N"),
       "connections at a time, of all threads; further ones are closed at once (0: no limit)")
      ("stats", text("")->value_name("FILE"), "write counters as JSON at exit; - is stdout");
  // clang-format on
  const auto values = cli::parse(tool, argc, argv, description);
  if (!values) return std::nullopt;

  Options options;
  options.list_backends = values->contains("list-backends");
  options.json = values->contains("json");
  if (options.list_backends) {
    for (const auto& [flag, value] : *values) {
      if (value.defaulted() || flag == "list-backends" || flag == "json") continue;
      throw cli::UsageError("--" + flag + " does not go with --list-backends");
    }
    return options;
  }
  if (options.json)
    throw cli::UsageError("--json goes with --list-backends; see --stats for counters");
  if (!values->contains("backend")) {
    throw cli::UsageError("--backend is missing (one of " + names_of_backends() + ")");
  }
  options.backend = cli::value(*values, "backend", [](std::string_view name) {
    const Backend* const backend = find_backend(name);
    if (backend == nullptr)
      throw std::invalid_argument("is unknown (one of " + names_of_backends() + ")");
    return backend;
  });
  options.address = parse_address(*values);
  options.port = static_cast<std::uint16_t>(count_between(*values, "port", 0, 65535));
  options.threads = static_cast<unsigned>(count_between(*values, "threads", 1, 1024));
  options.sharing = parse_sharing(*values, *options.backend);
  options.with = parse_with(*values, *options.backend, options.sharing);
  check_unix(options);
  options.cpus = parse_cpus(*values);
  options.backlog = static_cast<int>(count_between(*values, "backlog", 1, 1 << 20));
  options.limits.head = bytes_between(*values, "max-head", 64, 1 << 20);
  options.limits.body = bytes_between(*values, "max-body", 0, std::uint64_t{1} << 40U);
  options.drain_limit = milliseconds_between(*values, "drain-limit", std::chrono::nanoseconds(0),
                                             std::chrono::hours(24));
  options.deadlines = is_on(*values, "deadlines");
  if (options.deadlines && !options.backend->no_deadlines.empty()) {
    if (!(*values)["deadlines"].defaulted())
      throw cli::UsageError("--deadlines on: " + std::string(options.backend->name) +
                            " keeps none: " + std::string(options.backend->no_deadlines));
    options.deadlines = false;
  }
  options.max_connections = count_between(*values, "max-connections", 0, 1'000'000'000);
  options.stats = text_of(*values, "stats");
  return options;
}

}  // namespace duelio::server
