#include "loadgen/control.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <boost/json.hpp>
#include <poll.h>
#include <unistd.h>

#include "common/cli.h"
#include "common/os/error.h"
#include "loadgen/command.h"
#include "loadgen/interruption.h"
#include "loadgen/window.h"

namespace duelio::loadgen {

namespace json = boost::json;

namespace {

class LineReader {
 public:
  explicit LineReader(int fd) : fd_(fd) {}

  // Sleeps until there is one; nullopt at the end and when interrupted.
  std::optional<std::string> next() {
    while (true) {
      if (const std::size_t end = text_.find('\n'); end != std::string::npos) {
        std::string line = text_.substr(0, end);
        text_.erase(0, end + 1);
        return line;
      }
      if (!wait()) return std::nullopt;
      std::array<char, 4096> buffer;
      const ssize_t n = ::read(fd_, buffer.data(), buffer.size());
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (n < 0) os::throw_errno("read commands");
      // A last line without its end is a command too.
      if (n == 0) return text_.empty() ? std::nullopt : std::optional(std::exchange(text_, {}));
      text_.append(buffer.data(), static_cast<std::size_t>(n));
    }
  }

 private:
  // False when interrupted. A signal comes either before the look at `interrupted` or within the
  // ppoll(2), never between them, where it would be slept over.
  bool wait() const {
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, &ending, &before);
    pollfd readable{.fd = fd_, .events = POLLIN};
    while (!interrupted && ::ppoll(&readable, 1, nullptr, &before) < 0 && errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return !interrupted;
  }

  int fd_;
  std::string text_;
};

}  // namespace

json::object Control::answer(std::string_view line) {
  try {
    const Command command = parse_command(line);
    if (command.name == "window") {
      const Window window = parse_window(command, generator_.options());
      if (!connected_) throw std::invalid_argument("'connect' comes before 'window'");
      return measure(generator_, window, tally_);
    }
    expect_no_values(command);
    if (command.name == "connect") return connect();
    if (command.name == "drain") return drain();
    throw std::invalid_argument("'" + command.name +
                                "' is no command: connect, window, drain, quit");
  } catch (const std::exception& error) {
    return {{"type", "error"}, {"what", error.what()}};
  }
}

json::object Control::connect() {
  generator_.clear_tallies();
  generator_.connect(interrupted);
  connected_ = true;
  const std::uint64_t open = generator_.open_connections();
  const std::uint64_t wanted = generator_.wanted_connections();
  json::value error;
  if (open < wanted) {
    const int number = generator_.connect_error();
    error = {{"errno", number},
             {"what", "connect " + generator_.server_name() + ": " +
                          std::generic_category().message(number)}};
  }
  return {{"type", "connected"},
          {"connections", open},
          {"wanted", wanted},
          {"error", std::move(error)}};
}

json::object Control::drain() {
  generator_.disconnect();
  connected_ = false;
  return {{"type", "drained"}};
}

int serve_commands(const Options& options, int in, std::ostream& out) {
  Control control(options);
  handle_signals();
  LineReader lines(in);
  while (const auto line = lines.next()) {
    std::string name;
    std::istringstream(*line) >> name;
    if (name.empty()) continue;
    if (name == "quit") return cli::exit_ok;
    out << json::serialize(control.answer(*line)) << '\n' << std::flush;
    if (!out) return cli::exit_failure;  // nobody reads any more
    if (interrupted) break;
  }
  return interrupted ? cli::exit_interrupted : cli::exit_ok;
}

}  // namespace duelio::loadgen
