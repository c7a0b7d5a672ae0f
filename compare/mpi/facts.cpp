#include "compare/mpi/facts.h"

#include <filesystem>
#include <memory>
#include <stdexcept>

#include <boost/json.hpp>
#include <ifaddrs.h>
#include <net/if.h>

#include "common/os/address.h"
#include "common/os/error.h"
#include "compare/machine.h"
#include "compare/mpi/words.h"
#include "compare/probe.h"
#include "compare/process.h"

namespace duelio::compare {

namespace json = boost::json;

json::object facts_of_this_host() {
  std::string missing;
  for (const char* name : {"duelio-server", "duelio-loadgen"}) {
    const std::string file = executables_folder() + "/" + name;
    if (!std::filesystem::is_regular_file(file)) missing = file;
  }
  const auto sums = missing.empty() ? digests({}) : std::nullopt;
  return {{"missing", missing},
          {"build", results::to_value(describe_build())},
          {"executables", json::value_from(sums.value_or(std::vector<std::string>{}))},
          {"machine", results::to_value(describe_machine())},
          {"boot_id", first_line("/proc/sys/kernel/random/boot_id")}};
}

Host host_of(const json::object& facts) {
  return {.machine = record_of<results::Machine>(facts, "machine"),
          .boot_id = text_of(facts, "boot_id")};
}

std::string refusal_of(int rank, const json::object& facts, const json::object& of_rank_0) {
  const std::string who = "rank " + std::to_string(rank);
  if (const std::string missing = text_of(facts, "missing"); !missing.empty())
    return who + "'s host has no " + missing;
  if (facts.at("build") != of_rank_0.at("build"))
    return who + "'s host has another build: revision " +
           text_of(facts.at("build").as_object(), "revision") + ", and here " +
           text_of(of_rank_0.at("build").as_object(), "revision");
  if (facts.at("executables") != of_rank_0.at("executables"))
    return who + "'s host has other executables, though of the same revision";
  return {};
}

std::string address_of_interface(const std::string& name) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) os::throw_errno("getifaddrs");
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(all, freeifaddrs);
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    const bool is_wanted =
        name.empty() ? (each->ifa_flags & IFF_UP) != 0 && (each->ifa_flags & IFF_LOOPBACK) == 0
                     : name == each->ifa_name;
    if (!is_wanted) continue;
    os::Address address{.length = sizeof(sockaddr_in)};
    *reinterpret_cast<sockaddr_in*>(&address.storage) =
        *reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    const std::string text = os::to_string(address);
    return text.substr(0, text.rfind(':'));
  }
  throw std::runtime_error(name.empty() ? "no network interface but loopback has an IPv4 address"
                                        : "no network interface '" + name +
                                              "' with an IPv4 "
                                              "address (--server-interface)");
}

}  // namespace duelio::compare
