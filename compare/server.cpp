#include "compare/server.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include <boost/json.hpp>
#include <signal.h>
#include <sys/socket.h>

#include "common/cli.h"
#include "common/os/error.h"
#include "common/os/socket.h"

namespace duelio::compare {

namespace json = boost::json;
namespace fs = std::filesystem;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds start_limit{10'000};
constexpr milliseconds stop_limit{5'000};

std::uint16_t pick_free_port() {
  const os::UniqueFd listener = os::listen_on(os::resolve("127.0.0.1", 0), {});
  return os::local_address(listener.get()).port();
}

bool accepts(std::uint16_t port) {
  const os::Address address = os::resolve("127.0.0.1", port);
  const os::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), address.get(), address.length) == 0;
}

void replace_all(std::string& text, std::string_view from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

json::object read_peer_file(const std::string& name) {
  std::ifstream file(name);
  if (!file) os::throw_errno("open " + name);
  std::ostringstream text;
  text << file.rdbuf();
  try {
    json::object peer = json::parse(text.str()).as_object();
    for (const json::value& argument : peer.at("argv").as_array()) argument.as_string();
    return peer;
  } catch (const std::exception& error) {
    throw std::runtime_error(name + " is not a peer file: " + error.what());
  }
}

}  // namespace

void check_peer_file(const std::string& entry, const std::string& file) {
  try {
    read_peer_file(file);
  } catch (const std::exception& error) {
    throw cli::UsageError("--peer '" + entry + "=" + file + "': " + error.what());
  }
}

RunningServer::RunningServer(const results::EntrySpec& entry, const std::vector<int>& cpus,
                             std::size_t environment_pad)
    : name_(entry.name), is_peer_(entry.peer_file.has_value()) {
  const Process::How how{.cpus = cpus, .environment_pad = environment_pad};
  if (is_peer_) {
    start_peer(entry, how);
  } else {
    start_backend(entry, how);
  }
}

RunningServer::Folder::Folder() {
  std::string pattern = (fs::temp_directory_path() / "duelio-peer-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) os::throw_errno("mkdtemp " + pattern);
  path_ = pattern;
}

RunningServer::Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void RunningServer::start_backend(const results::EntrySpec& entry, const Process::How& how) {
  std::vector<std::string> arguments{entry.server.value_or(executables_folder() + "/duelio-server"),
                                     "--backend",
                                     entry.backend.value(),
                                     "--port",
                                     "0",
                                     "--threads",
                                     std::to_string(entry.threads),
                                     "--stats",
                                     "-"};
  if (entry.sharing) arguments.insert(arguments.end(), {"--sharing", *entry.sharing});
  // Thread by thread: a set of CPUs would let the scheduler move them.
  std::string cpus;
  for (const int cpu : how.cpus) cpus += (cpus.empty() ? "" : ",") + std::to_string(cpu);
  if (!cpus.empty()) arguments.insert(arguments.end(), {"--cpus", cpus});
  process_ = std::make_unique<Process>(arguments, how);
  const auto line = process_->read_line(start_limit);
  if (!line && interrupted()) throw Interrupted{};
  constexpr std::string_view greeting = "listening on ";
  const std::size_t colon = line ? line->find(" backend=") : std::string::npos;
  if (!line || !line->starts_with(greeting) || colon == std::string::npos) {
    throw EntryFailed(
        name_,
        "did not start: " + (process_->is_running() ? std::string("no greeting")
                                                    : describe_status(process_->wait(stop_limit))));
  }
  port_ = static_cast<std::uint16_t>(std::stoi(line->substr(line->rfind(':', colon) + 1)));
}

void RunningServer::start_peer(const results::EntrySpec& entry, const Process::How& how) {
  const std::string bin = executables_folder();
  const json::object peer = read_peer_file(entry.peer_file.value());
  const fs::path& folder = folder_.emplace().path();
  port_ = pick_free_port();
  const auto fill = [&](const json::value& value) {
    std::string text(value.as_string());
    replace_all(text, "{port}", std::to_string(port_));
    replace_all(text, "{dir}", folder.string());
    replace_all(text, "{bin}", bin);
    return text;
  };
  if (const json::value* files = peer.if_contains("files")) {
    for (const auto& [name, content] : files->as_object())
      std::ofstream(folder / std::string(name)) << fill(content);
  }
  std::vector<std::string> arguments;
  for (const json::value& argument : peer.at("argv").as_array())
    arguments.push_back(fill(argument));
  process_ = std::make_unique<Process>(arguments, how);
  const auto deadline = std::chrono::steady_clock::now() + start_limit;
  while (!accepts(port_)) {
    if (interrupted()) throw Interrupted{};
    if (!process_->is_running()) {
      throw EntryFailed(
          name_, "ended before it was ready: " + describe_status(process_->wait(stop_limit)));
    }
    if (std::chrono::steady_clock::now() > deadline)
      throw EntryFailed(name_, "was not ready in time");
    std::this_thread::sleep_for(milliseconds(5));
  }
}

std::optional<json::object> RunningServer::stop() {
  if (!process_->is_running()) {
    throw EntryFailed(name_, "died: " + describe_status(process_->wait(stop_limit)));
  }
  process_->signal(SIGTERM);
  std::optional<json::object> stats;
  if (!is_peer_) {
    if (const auto line = process_->read_line(stop_limit)) stats = json::parse(*line).as_object();
  }
  const int status = process_->wait(stop_limit);
  if (!is_peer_ && status != 0 && !interrupted()) {
    throw EntryFailed(name_, "ended with " + describe_status(status));
  }
  return stats;
}

}  // namespace duelio::compare
