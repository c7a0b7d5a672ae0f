#include "compare/mpi/agent.h"

#include <algorithm>
#include <cstring>

#include <boost/json.hpp>
#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

#include "common/os/address.h"
#include "common/os/cpu.h"
#include "common/os/socket.h"
#include "compare/local.h"
#include "compare/mpi/facts.h"
#include "compare/mpi/limits.h"
#include "compare/mpi/words.h"
#include "compare/probe.h"
#include "compare/process.h"

namespace duelio::compare {

namespace json = boost::json;

namespace {

std::uint64_t lane_of(const json::object& command) {
  return command.at("lane").to_number<std::uint64_t>();
}

std::vector<int> without(std::vector<int> all, const std::vector<int>& some) {
  std::erase_if(all,
                [&](int cpu) { return std::find(some.begin(), some.end(), cpu) != some.end(); });
  return all;
}

// CPU time of processes. One that is gone makes it unknown.
std::optional<std::int64_t> cpu_ns_of(const std::vector<pid_t>& processes) {
  std::int64_t sum = 0;
  for (const pid_t pid : processes) {
    clockid_t clock{};
    timespec time{};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0)
      return std::nullopt;
    sum += std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  }
  return sum;
}

}  // namespace

Agent::Agent(const boost::mpi::communicator& world)
    : mail_(world), allowed_cpus_(os::allowed_cpus()) {
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // an edge of a window is a sleep's end: prctl(2)
}

bool Agent::run() {
  std::int64_t heard_ns = os::monotonic_ns();
  while (!interrupted()) {
    const auto letter = mail_.receive();
    const std::int64_t quiet_ns = os::monotonic_ns() - heard_ns;
    if (!letter) {
      if (quiet_ns > silence_limit.count()) return false;
      nap(nap_after(quiet_ns));
      continue;
    }
    if (letter->post == Post::command) {
      const json::object command = json::parse(letter->text).as_object();
      const std::string what = text_of(command, "do");
      if (what == "quit") return true;
      if (what == "drop") {
        generators_.erase(lane_of(command));
        servers_.erase(lane_of(command));
      } else {
        json::object reply = answer(command);
        if (interrupted()) break;  // what it says of that is no answer
        reply["number"] = command.at("number");
        mail_.send(0, Post::reply, json::serialize(reply));
      }
    }
    heard_ns = os::monotonic_ns();
  }
  mail_.send(0, Post::leaving, {});
  for (int i = 0; i < 20; ++i) {  // MPI sends while it is looked at
    mail_.receive();
    nap(1'000'000);
  }
  return false;
}

json::object Agent::answer(const json::object& command) {
  try {
    return do_it(command);
  } catch (const EntryFailed& failed) {
    return {{"entry_failed", failed.entry}, {"why", failed.why}};
  } catch (const Interrupted&) {
    return {};
  } catch (const HostLost&) {
    throw;
  } catch (const std::exception& error) {
    return {{"error", error.what()}};
  }
}

json::object Agent::do_it(const json::object& command) {
  const std::string what = text_of(command, "do");
  if (what == "ping") return {};
  if (what == "facts") return facts_of_this_host();
  if (what == "prepare") return prepare(command);
  if (what == "clock") return tell_time(command);
  if (what == "start") return start(command);
  if (what == "connect") return connect(command);
  if (what == "load") return load(command);
  if (what == "watch") return watch(command);
  if (what == "look") return look(command);
  if (what == "stop") return stop(command);
  if (what == "fail") server(command).fail(text_of(command, "what"));
  if (what == "stolen") return {{"ns", steal_ns(cpus_of(command))}};
  throw std::runtime_error("an agent does not know '" + what + "'");
}

// What can be found out before anything is started. From then on it keeps off the measured CPUs.
json::object Agent::prepare(const json::object& command) {
  const std::vector<int> cpus = cpus_of(command);
  if (const std::vector<int> foreign = without(cpus, allowed_cpus_); !foreign.empty())
    throw std::runtime_error("CPU " + std::to_string(foreign.front()) +
                             " is not there or may not be used (mpirun --bind-to none; "
                             "--server-cpus, --client-cpus)");
  const std::vector<int> others = without(allowed_cpus_, cpus);
  os::pin_this_thread(others.empty() ? allowed_cpus_ : others);
  if (!command.at("serves").as_bool()) return {};
  server_cpus_ = cpus;
  const std::string address = address_of_interface(text_of(command, "interface"));
  os::listen_on(os::resolve(address, 0), {});  // it can be listened on
  network_.emplace(Network::At{address});
  return {};
}

json::object Agent::tell_time(const json::object& command) {
  const std::int64_t until = os::monotonic_ns() + clock_limit.count();
  for (std::int64_t left = number_of(command, "round_trips"); left > 0; --left) {
    while (!mail_.receive(0, Post::clock)) {
      if (interrupted() || os::monotonic_ns() > until) return {};
      ::sched_yield();
    }
    const std::int64_t now = os::monotonic_ns();
    std::string bytes(sizeof now, '\0');
    std::memcpy(bytes.data(), &now, sizeof now);
    mail_.send(0, Post::clock, std::move(bytes));
  }
  return {};
}

json::object Agent::start(const json::object& command) {
  const auto entry = record_of<results::EntrySpec>(command, "entry");
  auto& server = servers_[lane_of(command)];
  server = std::make_unique<RunningServer>(
      entry, network_.value(), cpus_of(command),
      static_cast<std::size_t>(number_of(command, "environment_pad")));
  return {{"host", server->endpoint().host}, {"port", server->endpoint().port}};
}

json::object Agent::connect(const json::object& command) {
  const Generator::Target target{
      .entry = text_of(command, "entry"),
      .server = {.host = text_of(command, "host"),
                 .port = static_cast<std::uint16_t>(number_of(command, "port"))},
      .handler_cpu_ns = command.at("handler_cpu_ns").to_number<std::uint64_t>(),
      .idle_connections = static_cast<unsigned>(number_of(command, "idle_connections")),
      .tells_samples = command.at("tells_samples").as_bool()};
  generators_[lane_of(command)] =
      std::make_unique<Generator>(target, record_of<results::Workload>(command, "workload"),
                                  record_of<results::Plan>(command, "plan"));
  return {};
}

json::object Agent::load(const json::object& command) {
  Generator& generator = *generators_.at(lane_of(command));
  WindowOrder order{.lead_in = nanoseconds(number_of(command, "lead_in_ns")),
                    .length = nanoseconds(number_of(command, "length_ns")),
                    .seed = command.at("seed").to_number<std::uint64_t>(),
                    .polls = command.at("polls").as_bool(),
                    .at = number_of(command, "at_ns")};
  if (const json::value& rate = command.at("rate"); rate.is_number())
    order.rate = rate.to_number<double>();
  const std::vector<ThreadTimes> before = generator.thread_times();
  json::object line = generator.line_of(order);  // asleep until it comes
  const std::int64_t delay_ns = longest_delay_ns(before, generator.thread_times());
  return {{"line", std::move(line)}, {"delay_ns", delay_ns}};
}

RunningServer& Agent::server(const json::object& command) {
  return *servers_.at(lane_of(command));
}

// Sleeps to the edges of a window that generators elsewhere measure, and reads at them the clocks
// that they cannot see.
json::object Agent::watch(const json::object& command) {
  RunningServer& server = this->server(command);
  const std::vector<pid_t> processes = server.processes();
  if (processes.empty()) server.fail("died");
  const bool looks = command.at("looks_at_threads").as_bool();
  const std::vector<ThreadTimes> before =
      looks ? times_of_threads(processes) : std::vector<ThreadTimes>{};
  const std::int64_t late_ns = os::monotonic_ns() - number_of(command, "at_ns");
  struct Edge {
    std::int64_t at_ns = os::monotonic_ns();
    std::optional<std::int64_t> cpu_ns;
    std::int64_t irq_ns = 0;
  };
  const auto at_edge = [&](std::string_view edge) {
    sleep_until(number_of(command, edge));
    Edge seen;
    seen.cpu_ns = cpu_ns_of(processes);
    seen.irq_ns = interrupts_ns(server_cpus_);
    return seen;
  };
  const Edge begin = at_edge("begin_ns");
  const Edge end = at_edge("end_ns");
  const std::vector<pid_t> left = server.processes();
  const bool is_known = begin.cpu_ns && end.cpu_ns;
  if (left.empty() || (!is_known && !server.is_foreign())) server.fail("died");
  return {{"begin_ns", begin.at_ns},
          {"end_ns", end.at_ns},
          {"cpu_ns", is_known ? *end.cpu_ns - *begin.cpu_ns : 0},
          {"irq_ns", end.irq_ns - begin.irq_ns},
          {"late_ns", std::max<std::int64_t>(late_ns, 0)},
          {"has_all_time", is_known && left == processes},
          {"before", to_words(before)},
          {"after", looks ? to_words(times_of_threads(processes)) : json::array{}}};
}

json::object Agent::look(const json::object& command) {
  const ServerLook seen = look_at(server(command).processes());
  return {{"threads", seen.threads}, {"rss_bytes", seen.rss_bytes}};
}

json::object Agent::stop(const json::object& command) {
  const auto stats = server(command).stop();
  return {{"stats", stats ? json::value(*stats) : json::value(nullptr)}};
}

}  // namespace duelio::compare
