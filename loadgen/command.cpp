#include "loadgen/command.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "common/os/cpu.h"
#include "common/units.h"
#include "loadgen/schedule.h"

namespace duelio::loadgen {
namespace {

// The values of a command, each asked for once.
class Values {
 public:
  explicit Values(const Command& command) : command_(command), left_(command.values) {}

  bool has(const std::string& key) const { return left_.contains(key); }

  template <class Parse, class Value>
  void read(const std::string& key, Parse parse, Value& value) {
    const auto found = left_.find(key);
    if (found == left_.end()) return;
    try {
      value = parse(found->second);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(key + " '" + found->second + "' " + error.what());
    }
    left_.erase(found);
  }

  void expect_no_more() const {
    if (!left_.empty())
      throw std::invalid_argument("'" + command_.name + "' knows no '" + left_.begin()->first +
                                  "'");
  }

 private:
  const Command& command_;
  std::map<std::string, std::string> left_;
};

std::chrono::nanoseconds parse_length(std::string_view text) {
  const auto length = parse_duration(text);
  if (length.count() == 0) throw std::invalid_argument("must be longer than nothing");
  return length;
}

// CLOCK_MONOTONIC in nanoseconds. Nobody is sent to sleep for longer than this.
std::int64_t parse_time_to_begin(std::string_view text) {
  constexpr std::int64_t most_ns = 10'000'000'000;
  std::int64_t at = 0;
  const char* const end = text.data() + text.size();
  if (const auto [rest, error] = std::from_chars(text.data(), end, at);
      error != std::errc() || rest != end || at < 0)
    throw std::invalid_argument("is no time in nanoseconds");
  if (at - os::monotonic_ns() > most_ns) throw std::invalid_argument("is more than 10 s ahead");
  return at;
}

bool parse_yes_or_no(std::string_view text) {
  if (text != "0" && text != "1") throw std::invalid_argument("is neither 0 nor 1");
  return text == "1";
}

std::vector<pid_t> parse_pids(std::string_view text) {
  std::vector<pid_t> pids;
  for (const std::string& word : split_list(text)) {
    const std::uint64_t pid = parse_count(word);
    if (pid == 0 || pid > std::numeric_limits<pid_t>::max())
      throw std::invalid_argument("has a process number that is none");
    pids.push_back(static_cast<pid_t>(pid));
  }
  return pids;
}

}  // namespace

Command parse_command(std::string_view line) {
  std::istringstream words{std::string(line)};
  Command command;
  words >> command.name;
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      throw std::invalid_argument("'" + word + "' is not key=value");
    if (!command.values.emplace(word.substr(0, equals), word.substr(equals + 1)).second)
      throw std::invalid_argument("'" + word.substr(0, equals) + "' is there twice");
  }
  return command;
}

void expect_no_values(const Command& command) {
  Values(command).expect_no_more();
}

Window parse_window(const Command& command, const Options& options) {
  Window window;
  Values values(command);
  if (values.has("length") && values.has("requests"))
    throw std::invalid_argument("a window ends by length or by requests, not by both");
  const auto rate_of = [&](std::string_view text) {
    const double rate = parse_rate(text);
    const double most = max_rate_of_a_thread * options.threads;
    if (rate <= 0 || rate > most)
      throw std::invalid_argument("is not above 0 and up to " + format_count(most));
    return rate;
  };
  const auto requests_of = [&](std::string_view text) {
    const std::uint64_t requests = parse_count(text);
    if (requests < options.threads)
      throw std::invalid_argument("is less than one a thread, of which there are " +
                                  std::to_string(options.threads));
    return requests;
  };
  values.read("rate", rate_of, window.load.rate);
  values.read("lead_in", parse_duration, window.lead_in);
  values.read("length", parse_length, window.length);
  values.read("requests", requests_of, window.load.requests);
  values.read("seed", parse_count, window.load.seed);
  values.read("pids", parse_pids, window.pids);
  values.read("at", parse_time_to_begin, window.at);
  values.read("spin", parse_yes_or_no, window.load.spin);
  values.expect_no_more();
  if (window.load.spin && !window.load.rate)
    throw std::invalid_argument("spin is of the open loop: rate is missing");
  return window;
}

}  // namespace duelio::loadgen
