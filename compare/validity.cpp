#include "compare/validity.h"

#include <cmath>
#include <set>

#include <boost/json.hpp>

namespace duelio::compare {

namespace json = boost::json;

namespace {

// Stolen time is not charged to a task (CONFIG_PARAVIRT_TIME_ACCOUNTING), so that a little of it
// spoils rates and latencies but not CPU time. Much of it changes how requests bunch, and so what
// they cost. METHODOLOGY.md has the figures.
constexpr double max_steal_share = 0.05;      // for figures by the wall clock
constexpr double max_steal_share_cpu = 0.20;  // for CPU time at the offered rate
constexpr double max_foreign_share = 0.15;    // open loop: of the server's CPUs
constexpr double max_generator_share = 0.98;  // open loop: the generator's busiest thread
constexpr double max_generator_delay = 0.05;  // open loop: the generator waited for its CPU
constexpr double max_median_lag = 0.5;        // open loop: median dispatch lag / median latency
constexpr double min_achieved = 0.99;         // open loop: achieved / offered

// "body, reset": each once, whatever its errno.
std::string classes(const json::array& errors) {
  std::set<std::string> names;
  for (const json::value& error : errors) names.emplace(error.at("class").as_string());
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

double number(const json::object& object, std::initializer_list<std::string_view> path) {
  const json::value* value = nullptr;
  const json::object* at = &object;
  for (const std::string_view key : path) {
    value = at->if_contains(key);
    if (value == nullptr) return 0;
    if (value->is_object()) at = &value->get_object();
  }
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

void judge_phase(const PhaseReport& phase, results::Slice& slice) {
  const json::object& load = phase.loadgen;
  const auto invalid = [&](const std::string& cause) {
    slice.valid = false;
    slice.causes.push_back(phase.name + ": " + cause);
  };
  // What the machine did, not the server or the generator's books.
  const auto disturbed = [&](const std::string& cause) {
    slice.valid = slice.valid && phase.accept_noise;
    slice.causes.push_back(phase.name + ": " + cause);
  };
  if (const std::string errors = classes(load.at("errors").as_array()); !errors.empty())
    invalid("errors: " + errors);
  if (!load.at("checks").at("conservation").as_bool()) invalid("books do not balance");
  if (number(load, {"connections", "established"}) < number(load, {"connections", "requested"}) ||
      number(load, {"connections", "beside_established"}) <
          number(load, {"connections", "beside_requested"})) {
    invalid("connections missing");
  }
  if (number(load, {"counts", "completed_in_window"}) == 0) invalid("nothing completed");
  if (phase.steal_share > max_steal_share && !phase.accept_noise)
    slice.wall_clock_causes.push_back(phase.name + ": steal");
  if (phase.name == "closed") return;
  if (phase.steal_share > max_steal_share_cpu) disturbed("steal");
  if (phase.foreign_share > max_foreign_share) disturbed("another process on the server's CPU");
  if (number(load, {"cpu", "share"}) > max_generator_share) disturbed("generator saturated");
  if (number(load, {"cpu", "run_delay_share"}) > max_generator_delay)
    disturbed("generator waited for a CPU");
  // The send lag has the server's part in it: the wait for a connection to be free.
  if (number(load, {"dispatch_lag_ns", "p50"}) >
      max_median_lag * number(load, {"latency_ns", "p50"}))
    disturbed("generator lagged");
  const double offered = number(load, {"rate", "offered"});
  // The count of Poisson arrivals scatters by its square root: three of those are allowed for.
  const double expected = offered * number(load, {"measured_s"});
  if (number(load, {"counts", "completed_in_window"}) <
      min_achieved * expected - 3 * std::sqrt(expected)) {
    disturbed("offered rate not achieved");
  }
}

}  // namespace duelio::compare
