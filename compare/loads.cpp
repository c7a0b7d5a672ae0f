#include "compare/loads.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "common/units.h"

namespace duelio::compare {

using std::chrono::nanoseconds;

namespace {

constexpr double fewest_requests = 300;  // of a window
constexpr double fewest_lead_in_requests = 60;
constexpr std::chrono::milliseconds between{2};  // the last response, the line, the next command

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
    }
    for (const LoadSpec& other : specs) {
      if (other.id == spec.id) throw std::invalid_argument("has " + word + " twice");
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
  Times times{seconds(plan.lead_in_s), seconds(plan.window_s)};
  if (load.rate) {
    times.lead_in = std::max(times.lead_in, seconds(fewest_lead_in_requests / *load.rate));
    times.window = std::max(times.window, seconds(fewest_requests / *load.rate));
  }
  return times;
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
