#include "loadgen/server_clocks.h"

#include <string>

#include <boost/json.hpp>

namespace duelio::loadgen {

namespace json = boost::json;

namespace {

std::optional<std::int64_t> read(const std::optional<clockid_t>& clock) noexcept {
  timespec time{};
  if (!clock || clock_gettime(*clock, &time) != 0) return std::nullopt;
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

ServerClocks::ServerClocks(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) {
    clockid_t id{};
    const bool exists = clock_getcpuclockid(pid, &id) == 0;
    clocks_.push_back({.pid = pid, .id = exists ? std::optional(id) : std::nullopt});
  }
}

void ServerClocks::at_begin() noexcept {
  for (Clock& clock : clocks_) clock.begin_ns = read(clock.id);
}

void ServerClocks::at_end() noexcept {
  for (Clock& clock : clocks_) clock.end_ns = read(clock.id);
}

json::value ServerClocks::to_json() const {
  if (clocks_.empty()) return nullptr;
  json::array processes;
  json::value error;
  std::int64_t sum = 0;
  for (const Clock& clock : clocks_) {
    json::value used;
    if (clock.begin_ns && clock.end_ns) {
      used = *clock.end_ns - *clock.begin_ns;
      sum += *clock.end_ns - *clock.begin_ns;
    } else {
      error = "process " + std::to_string(clock.pid) + " is gone, or the window never opened";
    }
    processes.push_back(json::object{{"pid", clock.pid}, {"cpu_ns", std::move(used)}});
  }
  return json::object{{"cpu_ns", error.is_null() ? json::value(sum) : json::value(nullptr)},
                      {"processes", std::move(processes)},
                      {"error", std::move(error)}};
}

}  // namespace duelio::loadgen
