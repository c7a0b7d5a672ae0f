// --control: many windows, one after the other, on connections that stay open.
#include "loadgen/control.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cli.h"
#include "loadgen/interruption.h"
#include "tests/loadgen/fault_server.h"

namespace duelio::loadgen {
namespace {

namespace json = boost::json;

// A server that a test can tell to hang up on all, or not to answer.
struct Moods {
  std::atomic<int> accepted{0};
  std::atomic<int> hung_up{0};
  std::atomic<std::uint64_t> served{0};
  std::atomic<bool> hangs_up{false};
  std::atomic<bool> answers{true};

  FaultServer::Serve serve() {
    return [this](int fd) {
      ++accepted;
      while (!hangs_up) {
        pollfd ready{fd, POLLIN, 0};
        if (::poll(&ready, 1, 5) == 0) continue;
        if (!read_request(fd)) return;
        ++served;
        if (answers) send_text(fd, ok_answer);
      }
      ::shutdown(fd, SHUT_RDWR);
      ++hung_up;
    };
  }
};

Options lasting(std::uint16_t port, std::chrono::milliseconds timeout = std::chrono::hours(1)) {
  Options options = options_for(port, false);
  options.timeout = timeout;
  return options;
}

std::string text(const json::object& answer, const char* key) {
  return std::string(answer.at(key).as_string());
}
std::uint64_t count(const json::object& window, const char* key) {
  return window.at("counts").at(key).to_number<std::uint64_t>();
}
std::uint64_t connections(const json::object& window, const char* key) {
  return window.at("connections").at(key).to_number<std::uint64_t>();
}

json::object measured(Control& control, const std::string& command) {
  json::object window = control.answer(command);
  EXPECT_EQ(text(window, "type"), "window") << json::serialize(window);
  if (text(window, "type") == "window") {
    EXPECT_TRUE(window.at("conserved").as_bool());
    EXPECT_GT(window.at("length_ns").to_number<std::int64_t>(), 0);
  }
  return window;
}

void expect_connected(Control& control) {
  const json::object answer = control.answer("connect");
  EXPECT_EQ(text(answer, "type"), "connected");
  EXPECT_EQ(answer.at("connections"), 4U);
  EXPECT_EQ(answer.at("wanted"), 4U);
  EXPECT_TRUE(answer.at("error").is_null());
}

// One says no more than what the window does.
void expect_threads(const json::object& window, unsigned wanted) {
  const json::array& threads = window.at("threads").as_array();
  ASSERT_EQ(threads.size(), wanted);
  std::uint64_t completed = 0;
  for (const json::value& each : threads) {
    const json::object& thread = each.as_object();
    EXPECT_EQ(thread.contains("completed"), wanted > 1);
    if (wanted == 1) return;
    completed += thread.at("completed").to_number<std::uint64_t>();
    EXPECT_EQ(thread.at("dispatch_lag_p50_ns").is_null(), window.at("rate").is_null());
  }
  EXPECT_EQ(completed, window.at("completed").to_number<std::uint64_t>());
  EXPECT_EQ(threads.front().at("edges_apart_ns"), 0);
  EXPECT_GT(threads.back().at("edges_apart_ns").to_number<std::int64_t>(), 0);
}

void measure_in_turns(unsigned threads) {
  Moods moods;
  const FaultServer server(moods.serve());
  Options options = lasting(server.port());
  options.threads = threads;
  Control control(options);
  expect_connected(control);
  for (int turn = 0; turn < 6; ++turn) {
    const bool open_loop = turn % 2 == 1;
    const json::object window =
        measured(control, std::string(open_loop ? "window rate=4k " : "window ") +
                              "lead_in=1ms requests=203 seed=" + std::to_string(turn));
    EXPECT_EQ(count(window, "sent"), 203U);
    EXPECT_EQ(count(window, "completed"), 203U);
    EXPECT_EQ(window.at("counts").at("scheduled").is_null(), !open_loop);
    EXPECT_EQ(window.at("rate").is_null(), !open_loop);
    EXPECT_EQ(window.at("latency_ns").at("count"), 203U);
    EXPECT_EQ(window.at("seed"), turn);
    EXPECT_TRUE(window.at("errors").as_array().empty());
    expect_threads(window, threads);
    EXPECT_EQ(connections(window, "open"), 4U);
    EXPECT_EQ(connections(window, "reconnects"), 0U);
  }
  EXPECT_EQ(moods.accepted, 4);
}

TEST(Control, MeasuresWindowsInTurnsOnTheSameConnections) {
  measure_in_turns(1);
}

TEST(Threads, MeasureWindowsInTurnsOnTheSameConnections) {
  measure_in_turns(3);
}

TEST(Control, MeasuresByLengthAndPolls) {
  Moods moods;
  const FaultServer server(moods.serve());
  Control control(lasting(server.port()));
  expect_connected(control);
  for (const char* command : {"window length=20ms", "window length=20ms rate=2000 spin=1"}) {
    const json::object window = measured(control, command);
    EXPECT_GT(window.at("begin_ns").to_number<std::int64_t>(), 0);
    const double busy = window.at("threads").at(0).at("busy").to_number<double>();
    EXPECT_GE(busy, 0);
    EXPECT_LE(busy, 1.01);
  }
}

TEST(Control, OpensWhatTheServerHasClosedBetweenWindows) {
  Moods moods;
  const FaultServer server(moods.serve());
  Control control(lasting(server.port()));
  expect_connected(control);
  measured(control, "window requests=50");
  moods.hangs_up = true;
  while (moods.hung_up < 4) std::this_thread::yield();
  moods.hangs_up = false;
  for (const char* command : {"window requests=50", "window requests=50 rate=4k"}) {
    const bool first = std::string(command).find("rate") == std::string::npos;
    const json::object window = measured(control, command);
    EXPECT_EQ(connections(window, "reconnects"), first ? 4U : 0U);
    EXPECT_EQ(count(window, "completed"), 50U);
    EXPECT_TRUE(window.at("errors").as_array().empty());
  }
  EXPECT_EQ(moods.accepted, 8);
}

TEST(Control, LeavesWhatWasNotAnsweredBehind) {
  Moods moods;
  const FaultServer server(moods.serve());
  Control control(lasting(server.port(), std::chrono::seconds(1)));
  expect_connected(control);
  for (const char* command :
       {"window lead_in=0 requests=9", "window lead_in=0 requests=9 rate=4k"}) {
    moods.answers = false;
    const json::object silent = measured(control, command);
    EXPECT_EQ(count(silent, "completed"), 0U);
    EXPECT_EQ(silent.at("latency_ns").at("count"), 9U);
    EXPECT_GE(silent.at("latency_ns").at("min").to_number<std::uint64_t>(), 1'000'000'000U);
    moods.answers = true;
    const json::object window = measured(control, command);
    EXPECT_EQ(window.at("latency_ns").at("count"), 9U);
    EXPECT_EQ(connections(window, "open"), 4U);
  }
}

TEST(Control, NamesTheReasonWhenTheServerIsGone) {
  Moods moods;
  auto server = std::make_unique<FaultServer>(moods.serve());
  Control control(lasting(server->port(), std::chrono::milliseconds(200)));
  expect_connected(control);
  measured(control, "window requests=50");
  moods.hangs_up = true;
  server.reset();
  const json::object window = control.answer("window requests=50");
  EXPECT_EQ(text(window, "type"), "error");
  EXPECT_NE(text(window, "what").find("Connection refused"), std::string::npos);
  const json::object answer = control.answer("connect");
  EXPECT_EQ(answer.at("connections"), 0U);
  EXPECT_EQ(answer.at("error").at("errno"), ECONNREFUSED);
}

TEST(Control, EndsTheWindowOfAServerThatDiesInIt) {
  Moods moods;
  auto server = std::make_unique<FaultServer>(moods.serve());
  Control control(lasting(server->port(), std::chrono::milliseconds(200)));
  expect_connected(control);
  const std::jthread killer([&] {
    while (moods.served < 100) std::this_thread::yield();
    moods.hangs_up = true;
    server.reset();
  });
  const json::object window = measured(control, "window lead_in=0 requests=1000000000");
  EXPECT_GT(count(window, "completed"), 0U);
  EXPECT_FALSE(window.at("errors").as_array().empty());
  EXPECT_EQ(connections(window, "open"), 0U);
}

TEST(Control, ReadsTheClocksOfProcesses) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  Moods moods;
  const FaultServer server(moods.serve());
  Control control(lasting(server.port()));
  expect_connected(control);
  const std::string self = std::to_string(getpid());
  json::value clocks =
      measured(control, "window requests=200 pids=" + self + "," + self).at("server");
  EXPECT_TRUE(clocks.at("error").is_null());
  const auto used = [&](std::size_t i) {
    return clocks.at("processes").at(i).at("cpu_ns").to_number<std::int64_t>();
  };
  EXPECT_GT(used(0), 0);
  EXPECT_EQ(clocks.at("cpu_ns").to_number<std::int64_t>(), used(0) + used(1));

  clocks = measured(control, "window requests=20 pids=" + self + "," + std::to_string(child))
               .at("server");
  EXPECT_TRUE(clocks.at("cpu_ns").is_null());
  EXPECT_GT(used(0), 0);
  EXPECT_NE(std::string(clocks.at("error").as_string()).find(std::to_string(child)),
            std::string::npos);
  EXPECT_TRUE(measured(control, "window requests=20").at("server").is_null());
}

TEST(Control, SaysWhatIsWrongWithACommandAndGoesOn) {
  Moods moods;
  const FaultServer server(moods.serve());
  Control control(lasting(server.port()));
  EXPECT_EQ(text(control.answer("window requests=5"), "type"), "error");  // not connected
  expect_connected(control);
  for (const auto& [command, part] : {std::pair{"jump", "jump"},
                                      {"connect now", "now"},
                                      {"connect twice=1", "twice"},
                                      {"window rate=fast", "fast"},
                                      {"window rate=0", "rate"},
                                      {"window requests=0", "requests"},
                                      {"window length=0", "length"},
                                      {"window length=5", "length"},
                                      {"window length=5ms requests=7", "both"},
                                      {"window spin=1", "rate"},
                                      {"window rate=5 spin=2", "spin"},
                                      {"window pids=0", "pids"},
                                      {"window seed=1 seed=2", "seed"},
                                      {"window speed=5", "speed"},
                                      {"window =5", "=5"}}) {
    const json::object answer = control.answer(command);
    EXPECT_EQ(text(answer, "type"), "error") << command;
    EXPECT_NE(text(answer, "what").find(part), std::string::npos) << text(answer, "what");
  }
  measured(control, "window requests=5");
  EXPECT_EQ(text(control.answer("drain"), "type"), "drained");
  EXPECT_EQ(text(control.answer("window requests=5"), "type"), "error");
  expect_connected(control);
  EXPECT_EQ(connections(measured(control, "window requests=5"), "reconnects"), 0U);
}

class Commands {
 public:
  Commands() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;
  ~Commands() {
    end();
    ::close(ends_[0]);
  }
  void write(std::string_view text) const {
    EXPECT_EQ(::write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void end() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  int reading_end() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_{-1, -1};
};

std::vector<std::string> types_of(const std::string& lines) {
  std::vector<std::string> types;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);)
    types.push_back(text(json::parse(line).as_object(), "type"));
  return types;
}

TEST(Control, AnswersEachLineWithALineUntilItIsToQuitOrTheEnd) {
  Moods moods;
  const FaultServer server(moods.serve());
  const Options options = lasting(server.port());
  for (const bool quits : {true, false}) {
    Commands commands;
    commands.write("connect\n\n  window requests=10 \r\nwhat\n");
    commands.write(quits ? "quit\ndrain\n" : "drain");
    commands.end();
    std::ostringstream out;
    EXPECT_EQ(serve_commands(options, commands.reading_end(), out), cli::exit_ok);
    std::vector<std::string> expected{"connected", "window", "error"};
    if (!quits) expected.emplace_back("drained");
    EXPECT_EQ(types_of(out.str()), expected);
  }
}

TEST(Control, IsInterruptedInAWindowAndWritesWhatItHas) {
  Moods moods;
  const FaultServer server(moods.serve());
  Commands commands;
  commands.write("connect\nwindow length=1h\nwindow length=1h\n");
  const std::jthread interrupter([&] {
    while (moods.served < 100) std::this_thread::yield();
    ::kill(getpid(), SIGTERM);
  });
  std::ostringstream out;
  EXPECT_EQ(serve_commands(lasting(server.port()), commands.reading_end(), out),
            cli::exit_interrupted);
  interrupted = false;
  EXPECT_EQ(types_of(out.str()), (std::vector<std::string>{"connected", "window"}));
  EXPECT_NE(out.str().find("\"interrupted\":true"), std::string::npos);
  EXPECT_NE(out.str().find("\"conserved\":true"), std::string::npos);
}

TEST(Control, IsInterruptedInItsSleep) {
  Moods moods;
  const FaultServer server(moods.serve());
  Commands commands;
  commands.write("connect\n");
  const std::jthread interrupter([&, asleep = pthread_self()] {
    while (moods.accepted < 4) std::this_thread::yield();
    pthread_kill(asleep, SIGINT);
  });
  std::ostringstream out;
  EXPECT_EQ(serve_commands(lasting(server.port()), commands.reading_end(), out),
            cli::exit_interrupted);
  interrupted = false;
}

}  // namespace
}  // namespace duelio::loadgen
