// How often the intervals of a run miss a truth that is known, by Student's t over the blocks and
// by Wilcoxon's signed-rank test: one line of figures. scripts/studies/coverage asks for the
// presets.
//
//   coverage blocks=12 candidates=2 loads=3 turns=25 runs=2000 ...   noise of a known form
//   coverage replay=RUN.jsonl blocks=12 stretch=4 runs=2000          noise of a record
//   coverage replay=RUN.jsonl ... shuffled=1                         its blocks in another order
//   each run
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/units.h"
#include "results/layout.h"
#include "results/statistics.h"

namespace duelio::results {
namespace {

using stats::Interval;

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

// The exact interval that inverts Wilcoxon's signed-rank test (Hollander, Wolfe and Chicken, 3.3);
// of no length where the blocks are too few for the confidence, as it then excludes everything.
class SignedRank {
 public:
  SignedRank(std::size_t n, double alpha) {
    std::vector<double> probability(n * (n + 1) / 2 + 1, 0.0);
    probability[0] = 1;
    for (std::size_t rank = 1; rank <= n; ++rank) {
      for (std::size_t sum = probability.size(); sum-- > 0;)
        probability[sum] = (probability[sum] + (sum >= rank ? probability[sum - rank] : 0)) / 2;
    }
    for (double tail = probability[0]; tail <= alpha / 2; tail += probability[cut_]) ++cut_;
  }

  bool exists() const noexcept { return cut_ > 0; }

  Interval interval(const std::vector<double>& values) const {
    std::vector<double> averages;
    for (std::size_t i = 0; i < values.size(); ++i) {
      for (std::size_t j = i; j < values.size(); ++j)
        averages.push_back((values[i] + values[j]) / 2);
    }
    std::sort(averages.begin(), averages.end());
    return {averages[cut_ - 1], averages[averages.size() - cut_]};
  }

 private:
  std::size_t cut_ = 0;
};

// Where a run's blocks come from: lanes are candidates, the reference and the control behind them.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::size_t candidates() const = 0;
  virtual std::size_t loads() const = 0;
  virtual void begin_run() = 0;
  virtual void begin_block() = 0;
  virtual Logs logs(std::size_t load) = 0;
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
  Logs logs(std::size_t) override {
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
        // The last lanes are the reference's two and have one gain, as they are one program.
        const double gain = lane < candidates_ && lane % 2 == 0 ? 1 + gain_ : 1;
        row[lane] += gain * weather_[0].at(now_s_);
        now_s_ += window_s;
      }
    }
    return logs;
  }

 private:
  std::size_t lanes() const { return candidates_ + 2; }
  double next(double value, double correlation, double deviation) {
    return correlation * value +
           std::sqrt(1 - correlation * correlation) * deviation * normal_(random_);
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
};

// The blocks of a record in stretches of neighbours, from anywhere (Kunsch's moving blocks): what
// correlates within a block, between lanes and between neighbouring blocks stays. The truth is what
// the whole record says. One record's neighbours resemble each other by chance, too: what that
// alone costs is told by its blocks in random order, of which nothing but chance is left.
class Replay : public Source {
 public:
  Replay(const std::string& file, Arguments& arguments)
      : run_(load(file)),
        layout_(run_),
        stretch_(arguments.count("stretch", 4)),
        is_shuffled_(arguments.count("shuffled", 0) != 0),
        sequence_(layout_.blocks()),
        random_(arguments.count("seed", 1)) {
    std::iota(sequence_.begin(), sequence_.end(), std::size_t{0});
    const auto& entries = run_.manifest.entries;
    for (std::size_t lane = 0; lane < entries.size(); ++lane) {
      if (entries[lane].name != run_.manifest.reference) order_.push_back(lane);
    }
    order_.push_back(layout_.lane_of(run_.manifest.reference, Role::reference));
    order_.push_back(layout_.control());
    truths_.assign(candidates(), std::vector<double>(loads()));
    for (std::size_t load = 0; load < loads(); ++load) {
      std::vector<std::vector<double>> estimates(candidates());
      for (std::size_t block = 0; block < layout_.blocks(); ++block) {
        const Logs logs = logs_of(block, load);
        for (std::size_t i = 0; i < candidates(); ++i) {
          if (const auto estimate = block_estimate(logs, {i}, {candidates(), candidates() + 1}))
            estimates[i].push_back(*estimate);
        }
      }
      for (std::size_t i = 0; i < candidates(); ++i)
        truths_[i][load] = estimates[i].empty() ? 0 : stats::mean(estimates[i]);
    }
  }

  std::size_t candidates() const override { return order_.size() - 2; }
  std::size_t loads() const override { return run_.manifest.plan.loads.size(); }
  double truth(std::size_t candidate, std::size_t load) const override {
    return truths_[candidate][load];
  }
  void begin_run() override {
    left_ = 0;
    if (is_shuffled_) std::shuffle(sequence_.begin(), sequence_.end(), random_);
  }
  void begin_block() override {
    if (left_-- == 0) {
      at_ = std::uniform_int_distribution<std::size_t>(0, layout_.blocks() - 1)(random_);
      left_ = stretch_ - 1;
    } else {
      at_ = (at_ + 1) % layout_.blocks();
    }
  }
  Logs logs(std::size_t load) override { return logs_of(sequence_[at_], load); }

 private:
  Logs logs_of(std::size_t block, std::size_t load) const {
    Logs logs = layout_.logs(metrics().front(), block, load);
    for (auto& row : logs) {
      std::vector<double> ordered;
      for (const std::size_t lane : order_) ordered.push_back(row[lane]);
      row = ordered;
    }
    return logs;
  }

  Run run_;
  Layout layout_;
  std::size_t stretch_;
  bool is_shuffled_;
  std::vector<std::size_t> sequence_;  // of its blocks
  std::mt19937_64 random_;
  std::vector<std::size_t> order_;  // lanes of the record as this program has them
  std::vector<std::vector<double>> truths_;
  std::size_t at_ = 0;
  std::size_t left_ = 0;
};

struct Score {
  std::size_t covered = 0;  // runs of which every interval holds its truth
  std::vector<double> half_widths;

  void add(bool all, const std::vector<Interval>& intervals) {
    covered += all ? 1 : 0;
    for (const Interval& each : intervals) half_widths.push_back((each.high - each.low) / 2);
  }
  void print(const char* name, std::size_t runs) const {
    std::printf("%s %.4f %.4f ", name, static_cast<double>(covered) / static_cast<double>(runs),
                stats::median(half_widths));
  }
};

int main_of(int argc, char** argv) {
  Arguments arguments(argc, argv);
  const std::size_t blocks = arguments.count("blocks", 12);
  const std::size_t runs = arguments.count("runs", 2000);
  const std::string record = arguments.text("replay", "");
  std::unique_ptr<Source> source;
  if (record.empty()) {
    source = std::make_unique<Model>(arguments);
  } else {
    source = std::make_unique<Replay>(record, arguments);
  }
  arguments.expect_no_more();
  const std::size_t contrasts = source->candidates() * source->loads();
  const double alpha = 0.05 / static_cast<double>(contrasts);
  const SignedRank signed_rank(blocks, alpha);
  Score student;
  Score wilcoxon;
  std::vector<double> block_deviations;
  std::vector<double> correlations;
  for (std::size_t run = 0; run < runs; ++run) {
    std::vector<std::vector<double>> samples(contrasts);
    source->begin_run();
    for (std::size_t block = 0; block < blocks; ++block) {
      source->begin_block();
      for (std::size_t load = 0; load < source->loads(); ++load) {
        const Logs logs = source->logs(load);
        const std::size_t reference = source->candidates();
        for (std::size_t i = 0; i < reference; ++i) {
          const auto estimate = block_estimate(logs, {i}, {reference, reference + 1});
          if (estimate) samples[i * source->loads() + load].push_back(*estimate);
        }
      }
    }
    std::vector<Interval> by_student;
    std::vector<Interval> by_rank;
    bool student_holds = true;
    bool rank_holds = true;
    for (std::size_t i = 0; i < contrasts; ++i) {
      const double truth = source->truth(i / source->loads(), i % source->loads());
      if (samples[i].size() < 2) continue;
      by_student.push_back(*stats::mean_interval(samples[i], alpha));
      student_holds &= by_student.back().contains(truth);
      correlations.push_back(stats::lag_correlation(samples[i]));
      double squares = 0;
      for (const double value : samples[i]) squares += (value - truth) * (value - truth);
      block_deviations.push_back(squares / static_cast<double>(samples[i].size()));
      if (!signed_rank.exists() || samples[i].size() != blocks) continue;
      by_rank.push_back(signed_rank.interval(samples[i]));
      rank_holds &= by_rank.back().contains(truth);
    }
    student.add(student_holds, by_student);
    if (!by_rank.empty()) wilcoxon.add(rank_holds, by_rank);
  }
  student.print("t", runs);
  if (wilcoxon.half_widths.empty()) {
    std::printf("wilcoxon none none ");
  } else {
    wilcoxon.print("wilcoxon", runs);
  }
  std::printf("block-sd %.4f correlation %.2f\n", std::sqrt(stats::mean(block_deviations)),
              stats::mean(correlations));
  return 0;
}

}  // namespace
}  // namespace duelio::results

int main(int argc, char** argv) {
  try {
    return duelio::results::main_of(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "coverage: %s\n", error.what());
    return 2;
  }
}
