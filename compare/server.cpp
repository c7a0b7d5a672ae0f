#include "compare/server.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <boost/json.hpp>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/os/error.h"
#include "common/os/socket.h"
#include "compare/entries.h"
#include "compare/peer.h"

namespace duelio::compare {

namespace json = boost::json;
namespace fs = std::filesystem;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds start_limit{10'000};
constexpr int most_empty_looks = 5;
constexpr milliseconds stop_limit{5'000};
constexpr off_t most_output = 64 << 20;  // then it is cut: a line a request fills any disk
constexpr const char* output_name = "output";

// What one request for it says: empty when it is answered with a 2xx, otherwise why not.
std::string refusal_of_request(const Endpoint& server, const std::string& target) {
  const os::Address address = os::resolve(server.host, server.port);
  const os::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{.tv_sec = 1, .tv_usec = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(fd.get(), address.get(), address.length) != 0)
    return "connect: " + std::generic_category().message(errno);
  const std::string request = "GET " + target + " HTTP/1.1\r\nhost: " + os::to_string(address) +
                              "\r\nconnection: close\r\n\r\n";
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
    return "send: " + std::generic_category().message(errno);
  std::string response;
  while (response.find('\n') == std::string::npos && response.size() < 1024) {
    std::array<char, 1024> bytes;
    const ssize_t size = ::recv(fd.get(), bytes.data(), bytes.size(), 0);
    if (size < 0 && errno == EINTR && !interrupted()) continue;
    if (size < 0 && errno == EAGAIN) return "no response within a second";
    if (size < 0) return "receive: " + std::generic_category().message(errno);
    if (size == 0) return "the connection was closed without a response";
    response.append(bytes.data(), static_cast<std::size_t>(size));
  }
  const std::string line = response.substr(0, response.find_first_of("\r\n"));
  const bool is_good = line.starts_with("HTTP/1.") && line.size() > 9 && line[9] == '2';
  return is_good ? "" : "GET " + target + " was answered with '" + line + "'";
}

}  // namespace

RunningServer::RunningServer(const results::EntrySpec& entry, Network& network,
                             const std::vector<int>& cpus, std::size_t environment_pad)
    : name_(entry.name),
      is_peer_(entry.peer_file.has_value()),
      endpoint_(is_peer_ ? network.for_peer() : network.for_backend()) {
  const Process::How how{
      .cpus = cpus, .environment_pad = environment_pad, .network = network.server_namespace()};
  try {
    if (is_peer_) {
      start_peer(entry, how);
    } else {
      start_backend(entry, how);
    }
  } catch (...) {
    if (family_) family_->end(0);  // no destructor comes for what was not constructed
    throw;
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
                                     "--address",
                                     endpoint_.host,
                                     "--threads",
                                     std::to_string(entry.threads),
                                     "--stats",
                                     "-"};
  if (!endpoint_.is_unix()) arguments.insert(arguments.end(), {"--port", "0"});
  if (entry.sharing) arguments.insert(arguments.end(), {"--sharing", *entry.sharing});
  if (entry.with) {
    std::string names;
    for (const std::string& name : *entry.with) names += (names.empty() ? "" : ",") + name;
    arguments.insert(arguments.end(), {"--with", names});
  }
  // Off where an entry does not ask for them. Another build may be older than the flag.
  if (!entry.server || has_deadlines(*entry.server))
    arguments.insert(arguments.end(), {"--deadlines", entry.deadlines ? "on" : "off"});
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
    fail(process_->is_running() ? "did not start: no greeting" : "did not start");
  }
  if (endpoint_.is_unix()) return;
  endpoint_.port = static_cast<std::uint16_t>(std::stoi(line->substr(line->rfind(':', colon) + 1)));
}

void RunningServer::start_peer(const results::EntrySpec& entry, Process::How how) {
  const Peer peer = Peer::read(entry.peer_file.value());
  const fs::path& folder = folder_.emplace().path();
  const Places places{.host = endpoint_.host,
                      .port = std::to_string(endpoint_.port),
                      .dir = folder.string(),
                      .bin = executables_folder()};
  for (const auto& [name, content] : peer.files) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << filled(content, places);
  }
  std::vector<std::string> arguments;
  arguments.reserve(peer.argv.size());
  for (const std::string& argument : peer.argv) arguments.push_back(filled(argument, places));
  // Appended to, so that it can be cut while the server writes.
  output_ = os::UniqueFd(
      ::open((folder / output_name).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!output_) os::throw_errno("open " + (folder / output_name).string());
  family_.emplace();
  how.variable = family_->mark();
  how.output = output_.get();
  process_ = std::make_unique<Process>(arguments, how);
  family_->begin(process_->pid());
  wait_until_ready(peer.ready);
}

void RunningServer::wait_until_ready(const std::string& target) {
  const auto deadline = std::chrono::steady_clock::now() + start_limit;
  int empty_looks = 0;
  while (true) {
    const std::string why = refusal_of_request(endpoint_, target);
    family_->adopt();
    if (why.empty()) return;
    if (interrupted()) throw Interrupted{};
    // A wrapper or a daemon's first process may be gone; the server is what is left.
    // One look may fall between two of a daemon's forks.
    empty_looks = family_->members().empty() ? empty_looks + 1 : 0;
    if (empty_looks == most_empty_looks) fail("ended before it was ready");
    if (std::chrono::steady_clock::now() > deadline)
      fail("was not ready within " + std::to_string(start_limit / milliseconds(1000)) +
           " s: " + why);
    std::this_thread::sleep_for(milliseconds(5));
  }
}

std::vector<pid_t> RunningServer::processes() {
  if (!is_peer_) return {process_->pid()};
  struct stat status = {};
  if (::fstat(output_.get(), &status) == 0 && status.st_size > most_output) [[maybe_unused]]
    const int cut = ::ftruncate(output_.get(), 0);
  return family_->members();
}

std::string RunningServer::kept_output() {
  if (!output_ || ::lseek(output_.get(), 0, SEEK_END) <= 0) return {};
  std::string name = (fs::temp_directory_path() / "duelio-output-XXXXXX").string();
  const os::UniqueFd kept(::mkostemp(name.data(), O_CLOEXEC));
  std::error_code error;
  if (kept) {
    fs::copy_file(folder_->path() / output_name, name, fs::copy_options::overwrite_existing, error);
    if (!error) return "; its output is in " + name;
  }
  return {};
}

void RunningServer::fail(const std::string& what) {
  std::string why = what;
  if (process_->is_running() || (is_peer_ && !family_->members().empty())) {
    why += kept_output();
  } else {
    why += ": " + describe_status(process_->wait(stop_limit)) + kept_output();
  }
  throw EntryFailed(name_, why);
}

std::optional<json::object> RunningServer::stop() {
  if (is_peer_) {
    if (family_->members().empty()) fail("died");
    family_->end(stop_limit.count());
    process_->wait(stop_limit);
    return std::nullopt;
  }
  if (!process_->is_running()) fail("died");
  process_->signal(SIGTERM);
  std::optional<json::object> stats;
  if (const auto line = process_->read_line(stop_limit)) stats = json::parse(*line).as_object();
  const int status = process_->wait(stop_limit);
  if (status != 0 && !interrupted()) fail("ended badly");
  return stats;
}

RunningServer::~RunningServer() {
  if (family_) family_->end(0);
}

}  // namespace duelio::compare
