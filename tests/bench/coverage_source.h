#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/units.h"
#include "results/layout.h"
#include "results/statistics.h"

// Blocks of runs with a known truth: made with noise of a known form, or drawn from a record.
namespace duelio::results {

class Arguments {
 public:
  Arguments(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      const std::size_t equals = word.find('=');
      if (equals == std::string::npos)
        throw std::invalid_argument(word + ": key=value is asked for");
      values_[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  double number(const std::string& key, double otherwise) {
    const std::string word = text(key, "");
    return word.empty() ? otherwise : parse_rate(word);
  }
  std::size_t count(const std::string& key, std::size_t otherwise) {
    return static_cast<std::size_t>(number(key, static_cast<double>(otherwise)));
  }
  std::string text(const std::string& key, const std::string& otherwise) {
    const auto found = values_.find(key);
    if (found == values_.end()) return otherwise;
    std::string value = found->second;
    values_.erase(found);
    return value;
  }
  void expect_no_more() const {
    if (!values_.empty()) throw std::invalid_argument(values_.begin()->first + " is not known");
  }

 private:
  std::map<std::string, std::string> values_;
};

// Where a run's blocks come from.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::size_t candidates() const = 0;
  virtual std::size_t loads() const = 0;
  virtual void begin_run() = 0;
  virtual void begin_block() = 0;
  // In this block; asked for candidate by candidate within a load.
  virtual std::optional<double> estimate(std::size_t candidate, std::size_t load) = 0;
  virtual double truth(std::size_t candidate, std::size_t load) const = 0;
};

// The logarithm of a machine's CPU time for the same work, over time: "seconds log" in each line.
class Weather {
 public:
  explicit Weather(const std::string& file) {
    std::ifstream stream(file);
    double second = 0;
    double log = 0;
    while (stream >> second >> log) points_.emplace_back(second, log);
    if (points_.size() < 2) throw std::invalid_argument(file + " has no series");
    // About its mean over time, so that a lane that answers it differently does so by nothing on
    // the whole.
    constexpr int steps = 100'000;
    double sum = 0;
    for (int i = 0; i < steps; ++i) sum += at(length_s() * i / steps);
    for (auto& [at_s, value] : points_) value -= sum / steps;
  }
  double length_s() const { return points_.back().first - points_.front().first; }
  // Between the points in proportion; from the begin again behind the end.
  double at(double second) const {
    const double place = points_.front().first + std::fmod(second, length_s());
    const auto above =
        std::upper_bound(points_.begin() + 1, points_.end() - 1, std::pair(place, 0.0));
    const auto& [t0, a] = *(above - 1);
    const auto& [t1, b] = *above;
    return t1 > t0 ? std::lerp(a, b, (place - t0) / (t1 - t0)) : b;
  }

 private:
  std::vector<std::pair<double, double>> points_;
};

// A window is the machine's weather, to which lanes answer not quite alike, a noise of its own that
// resembles that of the lane's window before, bursts, and the luck of the block's processes.
class Model : public Source {
 public:
  explicit Model(Arguments& arguments)
      : candidates_(arguments.count("candidates", 2)),
        loads_(arguments.count("loads", 3)),
        turns_(arguments.count("turns", 25)),
        core_(arguments.number("core-sd", 0.06)),
        turn_correlation_(arguments.number("turn-correlation", 0.5)),
        burst_share_(arguments.number("burst-share", 0.1)),
        burst_mean_(arguments.number("burst-mean", 0.2)),
        layout_(arguments.number("layout-sd", 0.005)),
        block_correlation_(arguments.number("block-correlation", 0)),
        block_s_(arguments.number("block-s", 10)),
        gain_(arguments.number("gain", 0)),
        random_(arguments.count("seed", 1)) {
    if (const std::string file = arguments.text("weather", ""); !file.empty())
      weather_.emplace_back(file);
  }

  std::size_t candidates() const override { return candidates_; }
  std::size_t loads() const override { return loads_; }
  double truth(std::size_t, std::size_t) const override { return 0; }

  void begin_run() override {
    luck_.assign(lanes(), 0);
    noise_.assign(lanes(), 0);
    for (double& luck : luck_) luck = layout_ * normal_(random_);
    for (double& noise : noise_) noise = core_ * normal_(random_);
    if (!weather_.empty())
      now_s_ = std::uniform_real_distribution<double>(0, weather_[0].length_s())(random_);
  }
  void begin_block() override {
    for (double& luck : luck_) luck = next(luck, block_correlation_, layout_);
  }
  std::optional<double> estimate(std::size_t candidate, std::size_t) override {
    if (candidate == 0) logs_ = next_logs();
    return block_estimate(logs_, {candidate}, {candidates_, candidates_ + 1});
  }

 private:
  std::size_t lanes() const { return candidates_ + 2; }  // the reference's two are the last
  double next(double value, double correlation, double deviation) {
    return correlation * value +
           std::sqrt(1 - correlation * correlation) * deviation * normal_(random_);
  }
  Logs next_logs() {
    const double window_s = block_s_ / static_cast<double>(loads_ * turns_ * lanes());
    Logs logs(turns_, std::vector<double>(lanes()));
    std::vector<std::size_t> order(lanes());
    for (std::size_t lane = 0; lane < lanes(); ++lane) order[lane] = lane;
    for (auto& row : logs) {
      std::shuffle(order.begin(), order.end(), random_);
      for (const std::size_t lane : order) {
        noise_[lane] = next(noise_[lane], turn_correlation_, core_);
        row[lane] = luck_[lane] + noise_[lane];
        if (uniform_(random_) < burst_share_) row[lane] += burst_mean_ * exponential_(random_);
        if (weather_.empty()) continue;
        // The reference's two lanes have one gain, as they are one program.
        const double gain = lane < candidates_ && lane % 2 == 0 ? 1 + gain_ : 1;
        row[lane] += gain * weather_[0].at(now_s_);
        now_s_ += window_s;
      }
    }
    return logs;
  }

  std::size_t candidates_;
  std::size_t loads_;
  std::size_t turns_;
  double core_;
  double turn_correlation_;
  double burst_share_;
  double burst_mean_;
  double layout_;
  double block_correlation_;
  double block_s_;
  double gain_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  std::exponential_distribution<double> exponential_;
  std::uniform_real_distribution<double> uniform_;
  std::vector<Weather> weather_;  // none or one
  double now_s_ = 0;
  std::vector<double> luck_;
  std::vector<double> noise_;
  Logs logs_;  // of the block's load
};

// The blocks of a record in stretches of neighbours, from anywhere (Kunsch's moving blocks): what
// correlates within a block, between lanes and between neighbouring blocks stays. The truth is what
// the whole record says.
class Replay : public Source {
 public:
  Replay(const std::string& file, Arguments& arguments)
      : run_(load(file)),
        stretch_(arguments.count("stretch", 4)),
        random_(arguments.count("seed", 1)) {
    const Layout layout(run_);
    const std::string& base = run_.manifest.reference;
    for (const EntrySpec& entry : run_.manifest.entries) {
      if (entry.name == base) continue;
      auto& of_entry = estimates_.emplace_back();
      for (std::size_t load = 0; load < run_.manifest.plan.loads.size(); ++load) {
        auto& of_load = of_entry.emplace_back();
        for (std::size_t block = 0; block < layout.blocks(); ++block) {
          of_load.push_back(block_estimate(layout.logs(metrics().front(), block, load),
                                           layout.lanes_of(entry.name), layout.lanes_of(base)));
        }
      }
    }
    candidates_.resize(arguments.count("candidates", estimates_.size()));
    loads_.resize(arguments.count("loads", run_.manifest.plan.loads.size()));
    if (candidates_.size() > estimates_.size() || loads_.size() > estimates_[0].size())
      throw std::invalid_argument("the record has fewer candidates or loads");
    std::printf("neighbours-alike-by-chance %.3f ", chance_of_its_order());
  }

  std::size_t candidates() const override { return candidates_.size(); }
  std::size_t loads() const override { return loads_.size(); }
  double truth(std::size_t candidate, std::size_t load) const override {
    return mean_of(estimates_[candidates_[candidate]][loads_[load]]);
  }
  void begin_run() override {
    left_ = 0;
    choose(candidates_, estimates_.size());
    choose(loads_, estimates_[0].size());
  }
  void begin_block() override {
    const std::size_t blocks = estimates_[0][0].size();
    if (left_-- == 0) {
      at_ = std::uniform_int_distribution<std::size_t>(0, blocks - 1)(random_);
      left_ = stretch_ - 1;
    } else {
      at_ = (at_ + 1) % blocks;
    }
  }
  std::optional<double> estimate(std::size_t candidate, std::size_t load) override {
    return estimates_[candidates_[candidate]][loads_[load]][at_];
  }

 private:
  using Estimates = std::vector<std::optional<double>>;  // by block

  static double mean_of(const Estimates& estimates) {
    std::vector<double> values;
    for (const auto& estimate : estimates) {
      if (estimate) values.push_back(*estimate);
    }
    return values.empty() ? 0 : stats::mean(values);
  }

  void choose(std::vector<std::size_t>& chosen, std::size_t of) {
    std::vector<std::size_t> all(of);
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::shuffle(all.begin(), all.end(), random_);
    std::copy_n(all.begin(), chosen.size(), chosen.begin());
    std::sort(chosen.begin(), chosen.end());
  }

  // How far the means of stretches lie from the record's, over all contrasts, each by its variance.
  double scatter_of_stretches(const std::vector<std::size_t>& order) const {
    double scatter = 0;
    for (const auto& of_entry : estimates_) {
      for (const Estimates& of_load : of_entry) {
        const double centre = mean_of(of_load);
        double squares = 0;
        double of_stretches = 0;
        for (std::size_t begin = 0; begin < order.size(); begin += stretch_) {
          double sum = 0;
          for (std::size_t i = begin; i < std::min(begin + stretch_, order.size()); ++i) {
            const double deviation = of_load[order[i]].value_or(centre) - centre;
            sum += deviation;
            squares += deviation * deviation;
          }
          of_stretches += sum * sum;
        }
        if (squares > 0) scatter += of_stretches / squares;
      }
    }
    return scatter;
  }

  // The share of random orders of the record's blocks whose stretches scatter as far as its own do.
  double chance_of_its_order() {
    constexpr int orders = 2000;
    std::vector<std::size_t> order(estimates_[0][0].size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const double own = scatter_of_stretches(order);
    int as_far = 0;
    for (int i = 0; i < orders; ++i) {
      std::shuffle(order.begin(), order.end(), random_);
      as_far += scatter_of_stretches(order) >= own ? 1 : 0;
    }
    return static_cast<double>(as_far) / orders;
  }

  Run run_;
  std::size_t stretch_;
  std::mt19937_64 random_;
  std::vector<std::vector<Estimates>> estimates_;  // by candidate and load
  std::vector<std::size_t> candidates_;            // of this run
  std::vector<std::size_t> loads_;
  std::size_t at_ = 0;
  std::size_t left_ = 0;
};

}  // namespace duelio::results
