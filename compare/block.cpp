#include "compare/block.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <numeric>

#include <unistd.h>

#include "common/os/cpu.h"
#include "common/thresholds.h"
#include "compare/culprit.h"
#include "compare/lane.h"
#include "compare/loads.h"
#include "compare/profiles.h"

namespace duelio::compare {

namespace {

constexpr std::size_t trials = 3;
constexpr std::size_t most_trials = 100;  // where the machine is so slow that windows stay empty
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
    const Stolen stolen = setting_.site.stolen(plan_);
    results::Block block{.block = number_, .at_s = setting_.elapsed_s()};
    const std::vector<Place> places = places_of(setting_.manifest);
    if (plan_.isolated) {
      for (const std::size_t each : shuffled(places.size(), random_))
        run_lanes({places[each]}, block);
    } else {
      run_lanes(places, block);
    }
    if (!setting_.left_out.empty()) block.left_out = setting_.left_out;
    block.length_s = setting_.elapsed_s() - block.at_s;
    block.steal_share = static_cast<double>(setting_.site.stolen(plan_).ns - stolen.ns) /
                        (block.length_s * 1e9) / static_cast<double>(stolen.cpus);
    return block;
  }

 private:
  struct Active {
    Place place;
    std::unique_ptr<Lane> lane;  // none: it was left out
    Watch watch;
  };

  // Does something with a lane. What goes wrong there is the entry's, unless it is the reference.
  template <class Do>
  void attempt(Active& active, Do what) {
    if (is_left_out(setting_.left_out, active.place.entry->name)) active.lane.reset();
    try {
      what();
    } catch (const EntryFailed& failed) {
      if (active.place.role != results::Role::candidate) throw;
      setting_.left_out.push_back({.entry = failed.entry, .why = failed.why});
      active.lane.reset();
    }
  }

  // All alive together; one works, the others sleep.
  void run_lanes(const std::vector<Place>& places, results::Block& block) {
    std::deque<Active> lanes;
    for (const Place& place : places) {
      Active& active = lanes.emplace_back(Active{.place = place});
      const std::size_t pad = random_() % most_pad;  // also of who is out: the others' stay theirs
      attempt(active, [&] {
        if (is_left_out(setting_.left_out, place.entry->name)) return;
        active.lane =
            std::make_unique<Lane>(*place.entry, place.role, setting_.manifest, setting_.site, pad);
      });
    }
    for (std::size_t turn = 0; turn < plan_.turns; ++turn) {
      for (const std::size_t load : shuffled(plan_.loads.size(), random_)) {
        for (const std::size_t lane : shuffled(lanes.size(), random_))
          measure(lanes[lane], turn, load);
      }
    }
    // Not in the study of bias, which is about time and wants many short blocks.
    const std::vector<Event> counted = plan_.isolated ? std::vector<Event>{} : setting_.events;
    for (const results::Load& load : plan_.loads) {
      for (Active& active : lanes) {
        attempt(active, [&] {
          if (has_part(active, load)) active.lane->count(load, seeds_.front(), counted);
        });
      }
    }
    if (setting_.on_profile) sample(lanes);
    for (Active& active : lanes) {
      attempt(active, [&] {
        if (active.lane) block.lanes.push_back(active.lane->finish());
      });
    }
  }

  // Last, so that what was measured before is what it would have been without.
  void sample(std::deque<Active>& lanes) {
    try {
      std::vector<pid_t> processes;
      for (const Active& active : lanes) {
        if (active.lane)
          processes.insert(processes.end(), active.lane->processes().begin(),
                           active.lane->processes().end());
      }
      Sampler sampler(processes, plan_.client_cpus);
      std::vector<Sampled> windows;
      for (const results::Load& load : plan_.loads) {
        for (const std::size_t lane : shuffled(lanes.size(), random_)) {
          attempt(lanes[lane], [&] {
            if (!has_part(lanes[lane], load)) return;
            Sampled window{.profile = {.block = number_,
                                       .load = load.id,
                                       .entry = lanes[lane].place.entry->name,
                                       .role = lanes[lane].place.role},
                           .begin_ns = os::monotonic_ns()};
            lanes[lane].lane->work(load, seeds_.front(), profile_window);
            window.end_ns = os::monotonic_ns();
            window.processes = lanes[lane].lane->processes();
            windows.push_back(std::move(window));
          });
        }
      }
      for (const results::Profile& profile : profiles(std::move(windows), sampler.finish()))
        setting_.on_profile(profile);
    } catch (const NoSamples& reason) {
      setting_.on_no_profiles(reason.what());
    }
  }

  bool has_part(const Active& active, const results::Load& load) const {
    return active.lane && !is_left_out(setting_.left_out, active.place.entry->name, load.id);
  }

  void measure(Active& active, std::size_t turn, std::size_t load) {
    attempt(active, [&] {
      if (!has_part(active, plan_.loads[load])) return;
      const double at_s = setting_.elapsed_s();
      results::Window window =
          active.lane->measure(plan_.loads[load], seeds_[turn * plan_.loads.size() + load]);
      window.block = number_;
      window.turn = turn + 1;
      window.at_s = at_s;
      setting_.on_window(window);
      if (const auto why = active.watch.see(window)) active.lane->fail(*why);
    });
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

Trials calibrate(const results::Manifest& manifest, Site& site, std::mt19937_64& random,
                 std::vector<results::LeftOut>& left_out) {
  const results::Manifest trial = for_trials(manifest);
  const results::Load closed{.id = "max"};
  std::deque<std::unique_ptr<Lane>> lanes;
  Trials all;
  const auto attempt = [&](std::size_t lane, auto what) {
    try {
      what();
    } catch (const EntryFailed& failed) {
      if (failed.entry == manifest.reference) throw;
      left_out.push_back({.entry = failed.entry, .why = failed.why});
      lanes[lane].reset();
    }
  };
  for (const results::EntrySpec& entry : trial.entries) {
    const std::size_t pad = random() % most_pad;
    lanes.emplace_back();
    attempt(lanes.size() - 1, [&] {
      lanes.back() = std::make_unique<Lane>(entry, results::Role::candidate, trial, site, pad);
    });
  }
  for (std::size_t i = 0; i < trials; ++i) {
    for (const std::size_t lane : shuffled(lanes.size(), random)) {
      const std::uint64_t seed = next_seed(random);
      attempt(lane, [&] {
        if (lanes[lane])
          all.windows[trial.entries[lane].name].push_back(lanes[lane]->measure(closed, seed));
      });
    }
  }
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    attempt(lane, [&] {
      if (!lanes[lane]) return;
      auto& windows = all.windows[trial.entries[lane].name];
      while (windows.size() < most_trials &&
             std::all_of(windows.begin(), windows.end(), shows_nothing))
        windows.push_back(lanes[lane]->measure(closed, next_seed(random)));
      if (const auto why = failure_in_calibration(windows)) lanes[lane]->fail(*why);
      auto& of_entry = all.rates.emplace_back(results::Trial{.entry = trial.entries[lane].name});
      for (const results::Window& window : windows) of_entry.rates.push_back(rate_of(window));
    });
  }
  if (!left_out.empty() && all.rates.size() == 1)
    throw EntryFailed(left_out.front().entry, left_out.front().why);
  return all;
}

results::Load paced(const results::Manifest& manifest, Site& site, const results::Load& load,
                    std::mt19937_64& random) {
  const results::Manifest trial = for_trials(manifest);
  const auto reference =
      std::find_if(trial.entries.begin(), trial.entries.end(),
                   [&](const auto& entry) { return entry.name == trial.reference; });
  Lane lane(*reference, results::Role::reference, trial, site, 0);
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
