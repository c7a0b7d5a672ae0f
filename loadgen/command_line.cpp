#include "loadgen/command_line.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "common/command_line.h"
#include "common/http/scan.h"
#include "common/os/socket.h"
#include "common/units.h"
#include "loadgen/schedule.h"

namespace duelio::loadgen {

namespace po = boost::program_options;

const cli::Tool tool{
    .name = "duelio-loadgen",
    .summary =
        "Loads an HTTP/1.1 server and reports throughput, latency and what the load itself cost. "
        "Without --rate\n"
        "each connection sends when it was answered (closed loop: the ceiling); with --rate "
        "requests are due at\n"
        "times fixed in advance and latency counts from them (open loop: what users see).",
    .synopsis = "[options] http://HOST[:PORT]/[TARGET]",
    .examples =
        {"duelio-loadgen http://127.0.0.1:8000/",
         "duelio-loadgen --rate 20k --connections 64 --cpus 1 http://127.0.0.1:8000/",
         "duelio-loadgen --find-max-rate 'p99<1ms' --duration 5s http://127.0.0.1:8000/",
         "duelio-loadgen --control http://127.0.0.1:8000/    # type: connect, window rate=20k",
         "duelio-loadgen --pipeline 16 --json run.json http://127.0.0.1:8000/bytes/1024"},
};

namespace {

void parse_url(Options& options) {
  const auto fail = [&](const std::string& what) {
    throw cli::UsageError("URL '" + options.url + "' " + what);
  };
  std::string_view rest = options.url;
  constexpr std::string_view scheme = "http://";
  if (!rest.starts_with(scheme)) fail("does not start with http:// (TLS is not spoken here)");
  rest.remove_prefix(scheme.size());
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) options.target = rest.substr(slash);
  for (const char c : options.target) {
    if (!http::scan::is_target(static_cast<unsigned char>(c))) fail("has a target that is not one");
  }
  std::size_t colon = authority.rfind(':');
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) fail("has an address without its closing ']'");
    colon = bracket + 1 < authority.size() ? bracket + 1 : std::string_view::npos;
    options.host = authority.substr(1, bracket - 1);
  } else {
    options.host = authority.substr(0, colon);
  }
  if (options.host.empty()) fail("names no host");
  if (colon != std::string_view::npos) {
    const std::string_view digits = authority.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), options.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || options.port == 0) {
      fail("has a port that is not one");
    }
  }
}

// "64KiB" or "1KiB..64KiB".
std::pair<std::uint64_t, std::uint64_t> parse_body_bytes(std::string_view word) {
  const std::size_t dots = word.find("..");
  const bool range = dots != std::string_view::npos;
  const std::uint64_t min = parse_bytes(word.substr(0, dots));
  const std::uint64_t max = range ? parse_bytes(word.substr(dots + 2)) : min;
  if (max > (1U << 30U)) throw std::invalid_argument("is above 1GiB");
  if (max < min) throw std::invalid_argument("is a range that ends before it begins");
  // A range's bodies are made in advance, several of them.
  if (range && max > (16U << 20U)) throw std::invalid_argument("is a range that ends above 16MiB");
  return {min, max};
}

}  // namespace

std::optional<CommandLine> parse_command_line(int argc, const char* const* argv) {
  const auto text = [](const char* fallback) {
    return po::value<std::string>()->default_value(fallback);
  };
  po::options_description description("Options");
  // clang-format off
  description.add_options()
      ("connections", text("64")->value_name("N"), "connections kept open and used")
      ("threads", text("1")->value_name("N"), "generator threads; connections are divided among them")
      ("cpus", text("")->value_name("LIST"), "CPUs to run on, one a thread in turn, such as 1,3-5")
      ("warmup", text("1s")->value_name("TIME"), "load before the measured window")
      ("duration", text("10s")->value_name("TIME"), "length of the measured window")
      ("requests", po::value<std::string>()->value_name("N"),
       "in place of --duration: the window ends with its N-th request, and what is in flight is waited for")
      ("rate", po::value<std::string>()->value_name("R"), "offered requests/s: open loop; may be fractional")
      ("arrivals", text("poisson")->value_name("KIND"), "gaps of the schedule: poisson or constant")
      ("connection-choice", text("random")->value_name("HOW"),
       "open loop: the free connection that a due request takes: random or longest-unused")
      ("find-max-rate", po::value<std::string>()->value_name("GOAL"),
       "find the highest rate that holds a goal such as 'p99<1ms': many runs of --duration each, from --rate if given, "
       "warmed up for no less than the goal's time")
      ("pipeline", text("1")->value_name("N"),
       "requests in flight on a connection; in the open loop N fall due together and are sent by one send(2)")
      ("requests-per-connection", text("0")->value_name("N"),
       "close and connect anew after N requests; 0: never. The last one says `connection: close`")
      ("method", text("GET")->value_name("M"), "request method")
      ("body-bytes", text("0")->value_name("BYTES"), "size of each request's body, or MIN..MAX: drawn evenly from the range")
      ("expect-status", text("200")->value_name("CODE"), "any other status is an error")
      ("timeout", text("5s")->value_name("TIME"), 
       "for a connect or an answer, and for the drain at the end; a request that fails counts as no faster than that")
      ("idle-connections", text("0")->value_name("N"), "connections opened beside the active ones and left alone")
      ("slow-clients", text("0")->value_name("N"), "clients beside them that send a request byte by byte, counted apart")
      ("slow-gap", text("100ms")->value_name("TIME"), "between two bytes of a slow client")
      ("ramp", text("0")->value_name("TIME"), "open the connections evenly over this time")
      ("source-addresses", text("0")->value_name("N"),
       "connect from 127.0.0.2 and the N-1 after it in turn; 0: as many as the number of connections needs")
      ("verify-body", "compare each body with what the target asks a duelio server for")
      ("spin", "open loop: poll instead of sleeping: sends and answers are seen at once; takes a whole CPU")
      ("seed", text("1")->value_name("N"), "of the random gaps and of the random choice of connections")
      ("json", text("")->value_name("FILE"), "write the result as JSON; - is stdout")
      ("histogram", text("")->value_name("FILE"), "write latencies as an HdrHistogram percentile file (.hgrm)")
      ("control",
       "measure windows on command: read commands from stdin, answer each with a JSON line (FORMAT.md)")
      ("phases", "print a line as each phase begins, instead of the summary");
  // clang-format on
  po::positional_options_description positional;
  positional.add("url", -1);
  const auto values = cli::parse(tool, argc, argv, description, positional);
  if (!values) return std::nullopt;

  const auto count = [&](const char* flag, std::uint64_t min, std::uint64_t max) {
    return cli::value(*values, flag, [=](std::string_view word) {
      const std::uint64_t number = parse_count(word);
      if (number < min || number > max) {
        throw std::invalid_argument("is not between " + std::to_string(min) + " and " +
                                    std::to_string(max));
      }
      return number;
    });
  };
  const auto positive_time = [&](const char* flag) {
    return cli::value(*values, flag, [](std::string_view word) {
      const auto time = parse_duration(word);
      if (time.count() == 0) throw std::invalid_argument("must be longer than nothing");
      return time;
    });
  };

  CommandLine line;
  Options& options = line.options;
  if (!values->contains("url")) throw cli::UsageError("the URL is missing; see --help");
  const auto& urls = (*values)["url"].as<std::vector<std::string>>();
  if (urls.size() != 1)
    throw cli::UsageError("'" + urls[1] + "' is a second URL; one is loaded at a time");
  options.url = urls.front();
  parse_url(options);
  options.connections = static_cast<unsigned>(count("connections", 1, 1'000'000));
  options.threads = static_cast<unsigned>(count("threads", 1, 1024));
  if (options.threads > options.connections) {
    throw cli::UsageError("--threads " + std::to_string(options.threads) +
                          " exceeds --connections " + std::to_string(options.connections) +
                          ": a thread would have nothing to do");
  }
  if (!(*values)["cpus"].as<std::string>().empty()) {
    options.cpus = cli::value(*values, "cpus", parse_cpu_list);
  }
  line.control = values->contains("control");
  if (line.control) {
    for (const char* flag : {"warmup", "duration", "requests", "rate", "find-max-rate", "spin",
                             "seed", "json", "histogram", "phases"}) {
      if (values->contains(flag) && !(*values)[flag].defaulted())
        throw cli::UsageError("--" + std::string(flag) +
                              " has no place beside --control, which is told by its commands");
    }
  }
  options.warmup = cli::value(*values, "warmup", parse_duration);
  options.duration = positive_time("duration");
  if (values->contains("requests")) {
    for (const char* flag : {"duration", "find-max-rate"}) {
      if (values->contains(flag) && !(*values)[flag].defaulted())
        throw cli::UsageError("--requests and --" + std::string(flag) +
                              " exclude each other: a window ends by count or by time");
    }
    options.requests = count("requests", 1, 1'000'000'000'000);
    if (options.requests < options.threads) {
      throw cli::UsageError("--requests " + std::to_string(options.requests) +
                            " is below --threads " + std::to_string(options.threads) +
                            ": a thread would have nothing to do");
    }
  }
  if (values->contains("rate")) {
    options.rate = cli::value(*values, "rate", [&](std::string_view word) {
      const double rate = parse_rate(word);
      if (rate <= 0) throw std::invalid_argument("is not above 0");
      if (rate > max_rate_of_a_thread * options.threads) {
        throw std::invalid_argument(
            "is above " + format_count(max_rate_of_a_thread * options.threads) +
            ", more than the threads could send: " + std::to_string(options.threads) +
            (options.threads == 1 ? " thread" : " threads"));
      }
      return rate;
    });
  }
  options.arrivals = cli::value(*values, "arrivals", [](std::string_view word) {
    if (word == "poisson") return Arrivals::poisson;
    if (word == "constant") return Arrivals::constant;
    throw std::invalid_argument("is neither poisson nor constant");
  });
  options.connection_choice = cli::value(*values, "connection-choice", [](std::string_view word) {
    if (word == "random") return ConnectionChoice::random;
    if (word == "longest-unused") return ConnectionChoice::longest_unused;
    throw std::invalid_argument("is neither random nor longest-unused");
  });
  if (values->contains("find-max-rate"))
    line.find_max_rate = cli::value(*values, "find-max-rate", [&](std::string_view goal) {
      Objective objective = parse_objective(goal);
      limits_for(objective, options.duration);
      return objective;
    });
  if (line.find_max_rate) {
    // From then on as many answers come in a window as requests fall due in it, or the server
    // does not keep up.
    options.warmup = std::max<std::chrono::nanoseconds>(
        options.warmup, std::chrono::nanoseconds(line.find_max_rate->below_ns));
  } else if (!options.rate && !line.control) {
    for (const char* flag : {"arrivals", "connection-choice", "spin"}) {
      if (!(*values)[flag].empty() && !(*values)[flag].defaulted())
        throw cli::UsageError("--" + std::string(flag) +
                              " is of the open loop: --rate or --find-max-rate is missing");
    }
  }
  options.pipeline = static_cast<unsigned>(count("pipeline", 1, 1024));
  options.requests_per_connection = count("requests-per-connection", 0, UINT32_MAX);
  options.method = cli::value(*values, "method", [](std::string_view word) {
    for (const char c : word) {
      if (!http::scan::is_token(static_cast<unsigned char>(c)))
        throw std::invalid_argument("is not a method");
    }
    if (word.empty() || word == "CONNECT")
      throw std::invalid_argument("is not a method for a server");
    return std::string(word);
  });
  std::tie(options.body_bytes, options.body_bytes_max) =
      cli::value(*values, "body-bytes", parse_body_bytes);
  options.expect_status = static_cast<int>(count("expect-status", 200, 599));
  options.timeout = positive_time("timeout");
  options.idle_connections = static_cast<unsigned>(count("idle-connections", 0, 1'000'000));
  options.slow_clients = static_cast<unsigned>(count("slow-clients", 0, 1'000'000));
  options.slow_gap = positive_time("slow-gap");
  options.ramp = cli::value(*values, "ramp", parse_duration);
  options.source_addresses = static_cast<unsigned>(count("source-addresses", 0, 250));
  options.verify_body = values->contains("verify-body");
  options.seed = count("seed", 0, 1'000'000'000'000'000);
  options.spin = values->contains("spin");
  line.json = (*values)["json"].as<std::string>();
  line.histogram = (*values)["histogram"].as<std::string>();
  line.phases = values->contains("phases");

  const std::uint64_t allowed = os::raise_descriptor_limit();
  // Each thread has a table of descriptors of its own.
  const std::uint64_t connections = std::uint64_t{options.connections} + options.beside();
  const std::uint64_t needed = connections / options.threads + options.threads + 16;
  options.fits_one_table = connections + options.threads + 16 <= allowed;
  if (needed > allowed) {
    throw cli::UsageError("--connections, --idle-connections and --slow-clients need " +
                          std::to_string(needed) +
                          " descriptors a thread, more than the hard limit of " +
                          std::to_string(allowed) + " (ulimit -Hn)");
  }
  return line;
}

}  // namespace duelio::loadgen
