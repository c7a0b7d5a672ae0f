#include "loadgen/command_line.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include "common/command_line.h"
#include "common/http/field_values.h"
#include "common/http/scan.h"
#include "common/os/address.h"
#include "common/os/cpu.h"
#include "common/os/socket.h"
#include "common/units.h"
#include "loadgen/schedule.h"
#include "loadgen/url.h"

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
    .synopsis = "[options] http://HOST[:PORT][/TARGET][?QUERY]",
    .examples =
        {"duelio-loadgen http://127.0.0.1:8000/",
         "duelio-loadgen --rate 20k --connections 64 --cpus 1 http://127.0.0.1:8000/",
         "duelio-loadgen --find-max-rate 'p99<1ms' --duration 5s http://127.0.0.1:8000/",
         "duelio-loadgen --control http://127.0.0.1:8000/    # type: connect, window rate=20k",
         "duelio-loadgen --pipeline 16 --json run.json http://127.0.0.1:8000/bytes/1024",
         "duelio-loadgen --unix-socket /run/duelio.sock http://localhost/",
         "duelio-loadgen --method POST --body @order.json http://127.0.0.1:8000/"},
};

namespace {

void read_url(const std::string& text, Options& options) {
  try {
    Url url = parse_url(text);
    options.url = text;
    options.host = std::move(url.host);
    options.host_field = std::move(url.host_field);
    options.port = url.port;
    options.target = std::move(url.target);
  } catch (const std::invalid_argument& error) {
    throw cli::UsageError("URL '" + without_user_info(text) + "' " + error.what());
  }
}

constexpr std::uint64_t largest_body = 1U << 30U;

// "64KiB" or "1KiB..64KiB".
std::pair<std::uint64_t, std::uint64_t> parse_body_bytes(std::string_view word) {
  const std::size_t dots = word.find("..");
  const bool range = dots != std::string_view::npos;
  const std::uint64_t min = parse_bytes(word.substr(0, dots));
  const std::uint64_t max = range ? parse_bytes(word.substr(dots + 2)) : min;
  if (max > largest_body) throw std::invalid_argument("is above 1GiB");
  if (max < min) throw std::invalid_argument("is a range that ends before it begins");
  // A range's bodies are made in advance, several of them.
  if (range && max > (16U << 20U)) throw std::invalid_argument("is a range that ends above 16MiB");
  return {min, max};
}

// "@FILE"
std::shared_ptr<const std::string> read_body(const std::string& word) {
  if (!word.starts_with('@')) throw std::invalid_argument("is not @ and the name of a file");
  const std::string name = word.substr(1);
  const auto fail = [](int error) {
    throw std::invalid_argument("cannot be read: " + std::generic_category().message(error));
  };
  std::error_code status;
  if (std::filesystem::is_directory(name, status)) fail(EISDIR);
  std::ifstream file(name, std::ios::binary);
  if (!file) fail(errno);
  auto body = std::make_shared<std::string>();
  std::vector<char> piece(1U << 20U);
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())), file.gcount() > 0) {
    body->append(piece.data(), static_cast<std::size_t>(file.gcount()));
    if (body->size() > largest_body) throw std::invalid_argument("is above 1GiB");
  }
  if (file.bad()) fail(errno);
  return body;
}

std::vector<Header> read_headers(const po::variables_map& values) {
  std::vector<Header> headers;
  if (!values.contains("header")) return headers;
  bool has_host = false;
  for (const std::string& text : values["header"].as<std::vector<std::string>>()) {
    try {
      headers.push_back(parse_header(text));
      const bool is_host = http::equals_ignoring_case(headers.back().name, "host");
      if (is_host && has_host) throw std::invalid_argument("is a second host");
      has_host = has_host || is_host;
    } catch (const std::invalid_argument& error) {
      throw cli::UsageError("--header '" + text + "' " + error.what());
    }
  }
  return headers;
}

// Beyond a year sums of times are no times any more.
std::chrono::nanoseconds parse_time(std::string_view word) {
  const auto time = parse_duration(word);
  if (time > std::chrono::hours(8760)) throw std::invalid_argument("is longer than a year (8760h)");
  return time;
}

std::vector<int> parse_cpus(std::string_view word) {
  const std::vector<int> allowed = os::allowed_cpus();
  std::vector<int> cpus = parse_cpu_list(word);
  for (const int cpu : cpus) {
    if (!std::binary_search(allowed.begin(), allowed.end(), cpu))
      throw std::invalid_argument("names CPU " + std::to_string(cpu) +
                                  ", which this process may not use or the machine does not have");
  }
  return cpus;
}

// In place of where the URL points.
void read_unix_socket(const po::variables_map& values, Options& options) {
  if (!values.contains("unix-socket")) return;
  options.host = cli::value(values, "unix-socket", [](std::string_view path) {
    return os::to_string(os::unix_address(path));
  });
  if (!values["source-addresses"].defaulted())
    throw cli::UsageError("--source-addresses does not go with --unix-socket, which has none");
}

// A file's name that was given must be one.
std::string file_of(const po::variables_map& values, const std::string& flag) {
  if (values[flag].defaulted()) return {};
  const auto& name = values[flag].as<std::string>();
  if (name.empty()) throw cli::UsageError("--" + flag + " '' names no file");
  return name;
}

}  // namespace

std::optional<CommandLine> parse_command_line(int argc, const char* const* argv) {
  const auto text = [](const char* fallback) {
    return po::value<std::string>()->default_value(fallback);
  };
  po::options_description description("Options");
  // clang-format off
  description.add_options()
      ("unix-socket", po::value<std::string>()->value_name("PATH"),
       "connect to this Unix socket; what is asked for, and the host field, are the URL's, as with curl")
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
      ("body", po::value<std::string>()->value_name("@FILE"), "in its place: each request's body is what the file holds")
      ("header", po::value<std::vector<std::string>>()->composing()->value_name("'NAME: VALUE'"),
       "a field of each request, such as 'content-type: application/json' or a host of its own; may be repeated")
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
      ("raw-samples", "with --control: each window's line has every latency as it was; to look into histograms")
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
      const auto time = parse_time(word);
      if (time.count() == 0) throw std::invalid_argument("must be longer than nothing");
      return time;
    });
  };

  CommandLine line;
  Options& options = line.options;
  if (!values->contains("url")) throw cli::UsageError("the URL is missing; see --help");
  const auto& urls = (*values)["url"].as<std::vector<std::string>>();
  if (urls.size() != 1)
    throw cli::UsageError("'" + without_user_info(urls[1]) +
                          "' is a second URL; one is loaded at a time");
  read_url(urls.front(), options);
  read_unix_socket(*values, options);
  options.connections = static_cast<unsigned>(count("connections", 1, 1'000'000));
  options.threads = static_cast<unsigned>(count("threads", 1, 1024));
  if (options.threads > options.connections) {
    throw cli::UsageError("--threads " + std::to_string(options.threads) +
                          " exceeds --connections " + std::to_string(options.connections) +
                          ": a thread would have nothing to do");
  }
  if (!(*values)["cpus"].defaulted()) options.cpus = cli::value(*values, "cpus", parse_cpus);
  line.control = values->contains("control");
  if (line.control) {
    for (const char* flag : {"warmup", "duration", "requests", "rate", "find-max-rate", "spin",
                             "seed", "json", "histogram", "phases"}) {
      if (values->contains(flag) && !(*values)[flag].defaulted())
        throw cli::UsageError("--" + std::string(flag) +
                              " has no place beside --control, which is told by its commands");
    }
  }
  options.warmup = cli::value(*values, "warmup", parse_time);
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
      if (rate < 0.001) throw std::invalid_argument("is below 0.001, one request in 1,000 s");
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
  if (std::uint64_t{options.pipeline} * options.connections > 100'000'000) {
    throw cli::UsageError("--pipeline " + std::to_string(options.pipeline) +
                          " with --connections " + std::to_string(options.connections) +
                          " is more than 100 M requests in flight");
  }
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
  if (values->contains("body")) {
    if (!(*values)["body-bytes"].defaulted())
      throw cli::UsageError("--body and --body-bytes exclude each other: one says what is sent");
    options.body = cli::value(*values, "body", read_body);
    options.body_file = (*values)["body"].as<std::string>().substr(1);
    options.body_bytes = options.body_bytes_max = options.body->size();
  }
  options.headers = read_headers(*values);
  options.expect_status = static_cast<int>(count("expect-status", 200, 599));
  options.timeout = positive_time("timeout");
  options.idle_connections = static_cast<unsigned>(count("idle-connections", 0, 1'000'000));
  options.slow_clients = static_cast<unsigned>(count("slow-clients", 0, 1'000'000));
  options.slow_gap = positive_time("slow-gap");
  if (options.slow_clients == 0 && !(*values)["slow-gap"].defaulted())
    throw cli::UsageError("--slow-gap is of --slow-clients, which is missing");
  options.ramp = cli::value(*values, "ramp", parse_time);
  options.source_addresses = static_cast<unsigned>(count("source-addresses", 0, 250));
  options.verify_body = values->contains("verify-body");
  options.raw_samples = values->contains("raw-samples");
  if (options.raw_samples && !line.control)
    throw cli::UsageError("--raw-samples is of --control, which is missing");
  options.seed = count("seed", 0, 1'000'000'000'000'000);
  options.spin = values->contains("spin");
  line.json = file_of(*values, "json");
  line.histogram = file_of(*values, "histogram");
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
