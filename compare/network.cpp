#include "compare/network.h"

#include <cerrno>
#include <chrono>
#include <sstream>
#include <stdexcept>

#include <boost/json.hpp>
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cli.h"
#include "common/os/address.h"
#include "common/os/error.h"
#include "common/os/socket.h"
#include "compare/entries.h"
#include "compare/process.h"

namespace duelio::compare {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view over_unix = "unix";
constexpr std::string_view over_veth = "veth";

// In namespaces of our own: nobody else's addresses and ports are near.
constexpr std::string_view server_host = "10.77.0.1";
constexpr std::string_view client_host = "10.77.0.2";
constexpr std::uint16_t first_port = 10'000;
constexpr std::uint16_t last_port = 30'000;  // below those that the kernel picks

constexpr std::string_view folder_prefix = "duelio-sockets-";
constexpr const char* lock_name = "lock";

[[noreturn]] void fail(std::string_view kind, const std::string& what) {
  throw std::runtime_error("--network " + std::string(kind) + ": " + what);
}

// Folders of runs that were killed: nobody holds their locks any more.
void remove_abandoned_folders(const fs::path& place) {
  std::error_code ignored;
  for (const auto& each : fs::directory_iterator(place, ignored)) {
    if (!each.path().filename().string().starts_with(folder_prefix)) continue;
    const os::UniqueFd lock(::open((each.path() / lock_name).c_str(), O_RDONLY | O_CLOEXEC));
    if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) fs::remove_all(each.path(), ignored);
  }
}

// ip(8), in a namespace.
void run_ip(const std::string& words, int network) {
  std::vector<std::string> command;
  std::istringstream split("ip " + words);
  for (std::string word; split >> word;) command.push_back(word);
  constexpr std::chrono::seconds limit{10};
  std::optional<std::string> said;
  int status = 0;
  try {
    Process ip(command, {.with_stderr = true, .network = network});
    said = ip.read_line(limit);
    status = ip.wait(limit);
  } catch (const std::system_error& error) {
    fail(over_veth, std::string(error.what()) + " (Debian: iproute2)");
  }
  if (status != 0) fail(over_veth, "ip " + words + ": " + said.value_or(describe_status(status)));
}

}  // namespace

bool Endpoint::is_unix() const noexcept {
  return host.starts_with(os::unix_prefix);
}

std::string Endpoint::path() const {
  return host.substr(os::unix_prefix.size());
}

std::optional<std::string> parse_network(std::string_view word) {
  if (word == "loopback") return std::nullopt;
  if (word != over_unix && word != over_veth)
    throw std::invalid_argument("is unknown (one of loopback, unix, veth)");
  return std::string(word);
}

void check_network(const Options& options) {
  const std::string kind = options.plan.network.value_or("");
  for (const results::EntrySpec& entry : options.entries) {
    const auto refuse = [&](const std::string& what) {
      throw cli::UsageError("entry '" + entry.name + "' " + what);
    };
    if (kind == over_unix) {
      if (entry.peer_file)
        refuse("does not go with --network unix: foreign servers are told a port to listen on");
      if (const std::string why = refusal_over_unix(entry); !why.empty()) refuse(why);
    }
    if ((kind == over_veth || options.hosts) && entry.peer) {
      const std::string text = boost::json::serialize(*entry.peer);
      if (text.find("{host}") == std::string::npos && text.find("127.0.0.1") != std::string::npos)
        refuse("does not go with " +
               std::string(options.hosts ? "--server-host" : "--network veth") +
               ": its peer file has 127.0.0.1 where {host} belongs");
    }
  }
}

Network::Network(const std::optional<std::string>& kind) {
  if (kind == over_unix) make_folder();
  if (kind == over_veth) make_namespaces();
}

Network::~Network() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

// Locked by a file in it as long as this process lives.
void Network::make_folder() {
  const fs::path place = fs::temp_directory_path();
  remove_abandoned_folders(place);
  struct stat status = {};
  do {  // until nobody took it for an abandoned one before it was locked
    std::string pattern = (place / folder_prefix).string() + "XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) os::throw_errno("--network unix: mkdtemp " + pattern);
    folder_ = pattern;
    lock_ =
        os::UniqueFd(::open((folder_ / lock_name).c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!lock_) os::throw_errno("--network unix: open " + (folder_ / lock_name).string());
  } while (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0 || ::fstat(lock_.get(), &status) != 0 ||
           status.st_nlink == 0);
  try {
    os::unix_address((folder_ / "0123456789").string());
  } catch (const std::invalid_argument& error) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);  // no destructor comes
    fail(over_unix,
         "TMPDIR is too long: '" + place.string() + "' and a socket's name " + error.what());
  }
}

// Of the servers' namespace there is a descriptor, the generators' is this process's: nobody but us
// and what we start is in them, so that with the last of these they are gone, and the link between
// them (network_namespaces(7)). There is no name to take away, not even after kill -9.
void Network::make_namespaces() {
  const auto enter_new = [] {
    if (::unshare(CLONE_NEWNET) == 0) return;
    const int error = errno;
    fail(over_veth,
         "a network namespace cannot be made: " + std::generic_category().message(error) +
             (error == EPERM ? " (root, or CAP_SYS_ADMIN and CAP_NET_ADMIN)" : ""));
  };
  enter_new();
  servers_ = os::UniqueFd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!servers_) os::throw_errno("--network veth: open /proc/self/ns/net");
  enter_new();
  constexpr int ours = -1;
  const std::string servers =
      "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(servers_.get());
  run_ip("link add duelio0 type veth peer name duelio0 netns " + servers, ours);
  for (const int network : {servers_.get(), ours}) {
    run_ip("address add " + std::string(network == ours ? client_host : server_host) +
               "/24 dev duelio0",
           network);
    run_ip("link set lo up", network);
    run_ip("link set duelio0 up", network);
  }
  next_port_ = first_port;
}

Endpoint Network::for_backend() {
  if (servers_) return {.host = std::string(server_host)};
  if (folder_.empty()) return {.host = host_};
  return {.host = std::string(os::unix_prefix) + (folder_ / std::to_string(++sockets_)).string()};
}

Endpoint Network::for_peer() {
  Endpoint endpoint = for_backend();
  if (servers_) {  // where all are free but those that we gave away
    endpoint.port = next_port_;
    next_port_ = next_port_ == last_port ? first_port : next_port_ + 1;
    return endpoint;
  }
  const os::UniqueFd listener = os::listen_on(os::resolve(endpoint.host, 0), {});
  endpoint.port = os::local_address(listener.get()).port();
  return endpoint;
}

}  // namespace duelio::compare
