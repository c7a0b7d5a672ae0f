#include "compare/loads.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "common/units.h"

namespace duelio::compare {

using std::chrono::nanoseconds;

namespace {

// METHODOLOGY.md, "Rejected designs": what was tried.
constexpr double fewest_requests = 200;  // of a window
constexpr double fewest_lead_in_requests = 150;
constexpr double closed_loop_window_s = 0.025;  // its batches grow and shrink for milliseconds
constexpr double closed_loop_lead_in_s = 0.006;
constexpr double highest_rate = 1e8;  // ten times what loopback has ever carried for one server
constexpr std::chrono::milliseconds between{1};  // the last response, the line, the next command

nanoseconds seconds(double value) {
  return nanoseconds(std::llround(value * 1e9));
}

}  // namespace

std::vector<LoadSpec> parse_loads(std::string_view text) {
  std::vector<LoadSpec> specs;
  for (const std::string& word : split_list(text)) {
    LoadSpec spec{.id = word};
    if (word.ends_with('%')) {
      spec.share = parse_fraction(word);
      if (*spec.share <= 0) throw std::invalid_argument("has a load of nothing");
    } else if (word != "max") {
      spec.rate = parse_rate(word);
      if (*spec.rate <= 0) throw std::invalid_argument("has a rate that is not above 0");
      if (*spec.rate > highest_rate) throw std::invalid_argument("has a rate above 100M");
    }
    for (const LoadSpec& other : specs) {
      if (other.share == spec.share && other.rate == spec.rate)
        throw std::invalid_argument("has " + word + " twice");
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

double round_rate(double rate) {
  const double scale = std::pow(10, std::floor(std::log10(rate)) - 1);
  return std::max(std::floor(rate / scale + 1e-9) * scale, 1.0);
}

std::vector<results::Load> resolve(const std::vector<LoadSpec>& specs, double slowest) {
  std::vector<results::Load> loads;
  for (const LoadSpec& spec : specs) {
    results::Load load{.id = spec.id};
    if (spec.share) load.rate = round_rate(*spec.share * slowest);
    if (spec.rate) load.rate = spec.rate;
    loads.push_back(std::move(load));
  }
  std::sort(loads.begin(), loads.end(), [](const results::Load& a, const results::Load& b) {
    return std::pair(a.rate.value_or(INFINITY), a.id) < std::pair(b.rate.value_or(INFINITY), b.id);
  });
  return loads;
}

Times times_of(const results::Plan& plan, const results::Load& load) {
  const double lead_in_s = load.rate ? fewest_lead_in_requests / *load.rate : closed_loop_lead_in_s;
  const double window_s = load.rate ? fewest_requests / *load.rate : closed_loop_window_s;
  return {seconds(std::max(plan.lead_in_s, lead_in_s)), seconds(std::max(plan.window_s, window_s))};
}

nanoseconds turn_length(const results::Plan& plan, std::size_t lanes) {
  nanoseconds length{};
  for (const results::Load& load : plan.loads) {
    const Times times = times_of(plan, load);
    length += (times.lead_in + times.window + between) * lanes;
  }
  return length;
}

}  // namespace duelio::compare
