#include "compare/block.h"

#include <algorithm>
#include <deque>
#include <numeric>

#include <unistd.h>

#include "common/os/cpu.h"
#include "common/thresholds.h"
#include "compare/lane.h"
#include "compare/loads.h"

namespace duelio::compare {

namespace {

constexpr std::size_t trials = 3;
constexpr double trial_s = 0.15;
constexpr double trial_lead_in_s = 0.05;
constexpr std::size_t most_pad = 4096;  // a page

struct Place {
  const results::EntrySpec* entry;
  results::Role role;
};

std::vector<Place> places_of(const results::Manifest& manifest) {
  std::vector<Place> places;
  for (const results::EntrySpec& entry : manifest.entries) {
    const bool is_reference = entry.name == manifest.reference;
    places.push_back({&entry, is_reference ? results::Role::reference : results::Role::candidate});
    if (is_reference) places.push_back({&entry, results::Role::control});
  }
  return places;
}

std::vector<std::size_t> shuffled(std::size_t count, std::mt19937_64& random) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

// Of a window's arrivals. A generator's flags hold whole numbers up to 2^53.
std::uint64_t next_seed(std::mt19937_64& random) {
  return random() >> 32;
}

// A manifest whose windows are those of a trial.
results::Manifest for_trials(const results::Manifest& manifest) {
  results::Manifest trial = manifest;
  trial.plan.window_s = trial_s;
  trial.plan.lead_in_s = trial_lead_in_s;
  return trial;
}

double rate_of(const results::Window& window) {
  return static_cast<double>(window.finished) / window.length_s;
}

class BlockRun {
 public:
  BlockRun(const Setting& setting, std::size_t number, std::mt19937_64& random)
      : setting_(setting), plan_(setting.manifest.plan), number_(number), random_(random) {
    for (std::size_t i = 0; i < plan_.turns * plan_.loads.size(); ++i)
      seeds_.push_back(next_seed(random));
  }

  results::Block run() {
    const std::int64_t steal = machine_steal_ns();
    results::Block block{.block = number_, .at_s = setting_.elapsed_s()};
    const std::vector<Place> places = places_of(setting_.manifest);
    if (plan_.isolated) {
      for (const std::size_t each : shuffled(places.size(), random_))
        run_lanes({places[each]}, block);
    } else {
      run_lanes(places, block);
    }
    block.length_s = setting_.elapsed_s() - block.at_s;
    block.steal_share = static_cast<double>(machine_steal_ns() - steal) / (block.length_s * 1e9) /
                        static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN));
    return block;
  }

 private:
  // All alive together; one works, the others sleep.
  void run_lanes(const std::vector<Place>& places, results::Block& block) {
    std::deque<Lane> lanes;
    for (const Place& place : places)
      lanes.emplace_back(*place.entry, place.role, setting_.manifest, random_() % most_pad);
    for (std::size_t turn = 0; turn < plan_.turns; ++turn) {
      for (const std::size_t load : shuffled(plan_.loads.size(), random_)) {
        for (const std::size_t lane : shuffled(lanes.size(), random_)) {
          const double at_s = setting_.elapsed_s();
          results::Window window =
              lanes[lane].measure(plan_.loads[load], seeds_[turn * plan_.loads.size() + load]);
          window.block = number_;
          window.turn = turn + 1;
          window.at_s = at_s;
          setting_.on_window(window);
        }
      }
    }
    // Not in the study of bias, which is about time and wants many short blocks.
    const std::vector<Event> counted = plan_.isolated ? std::vector<Event>{} : setting_.events;
    for (const results::Load& load : plan_.loads) {
      for (Lane& lane : lanes) lane.count(load, seeds_.front(), counted);
    }
    for (Lane& lane : lanes) block.lanes.push_back(lane.finish());
  }

  const Setting& setting_;
  const results::Plan& plan_;
  std::size_t number_;
  std::mt19937_64& random_;
  std::vector<std::uint64_t> seeds_;  // of each turn and load: the same arrivals for all lanes
};

}  // namespace

results::Block run_block(const Setting& setting, std::size_t number, std::mt19937_64& random) {
  return BlockRun(setting, number, random).run();
}

std::vector<results::Trial> calibrate(const results::Manifest& manifest, std::mt19937_64& random) {
  const results::Manifest trial = for_trials(manifest);
  const results::Load closed{.id = "max"};
  std::deque<Lane> lanes;
  std::vector<results::Trial> all;
  for (const results::EntrySpec& entry : trial.entries) {
    lanes.emplace_back(entry, results::Role::candidate, trial, random() % most_pad);
    all.push_back({.entry = entry.name});
  }
  std::vector<std::string> failures(lanes.size());
  for (std::size_t i = 0; i < trials; ++i) {
    for (const std::size_t lane : shuffled(lanes.size(), random)) {
      const results::Window window = lanes[lane].measure(closed, next_seed(random));
      for (const results::Failure& failure : window.failures) {
        if (failures[lane].find(failure.kind) == std::string::npos)
          failures[lane] += (failures[lane].empty() ? ": " : ", ") + failure.kind;
      }
      all[lane].rates.push_back(rate_of(window));
    }
  }
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    const std::vector<double>& rates = all[lane].rates;
    if (*std::max_element(rates.begin(), rates.end()) > 0) continue;
    throw EntryFailed(all[lane].entry, "gave no right answer in the calibration" + failures[lane]);
  }
  return all;
}

results::Load paced(const results::Manifest& manifest, const results::Load& load,
                    std::mt19937_64& random) {
  const results::Manifest trial = for_trials(manifest);
  const auto reference =
      std::find_if(trial.entries.begin(), trial.entries.end(),
                   [&](const auto& entry) { return entry.name == trial.reference; });
  Lane lane(*reference, results::Role::reference, trial, 0);
  results::Load slower = load;
  for (std::size_t i = 0; i < trials; ++i) {
    double share = 0;
    for (std::size_t j = 0; j < trials; ++j)
      share = std::max(share, lane.measure(slower, next_seed(random)).generator_share);
    if (share <= thresholds::busiest_generator) break;
    slower.rate = round_rate(*slower.rate * thresholds::busiest_generator / share);
  }
  return slower;
}

}  // namespace duelio::compare
