#include "results/conduct.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>

#include "common/thresholds.h"
#include "common/units.h"
#include "results/threads.h"

namespace duelio::results {
namespace {

// The share of the CPU time that the server could have had.
double server_share(const Window& window, const EntrySpec& entry, const Plan& plan) {
  std::size_t cpus = std::max(entry.threads, 1U);
  if (!plan.server_cpus.empty()) cpus = std::min(cpus, plan.server_cpus.size());
  const double could = window.length_s * static_cast<double>(cpus);
  return could > 0 ? static_cast<double>(window.server_cpu_ns) * 1e-9 / could : 0;
}

// In a closed loop the side that is never idle is the limit.
bool is_client_limited(const Window& window, double server_share) {
  return window.generator_share >= thresholds::limit_share &&
         server_share < thresholds::limit_share;
}

// What one entry did at one load.
class Witness {
 public:
  Witness(const EntrySpec& entry, const Load& load, const Plan& plan)
      : entry_(entry), load_(load), plan_(plan) {
    conduct_.entry = entry.name;
    conduct_.load = load.id;
  }

  void see_block(const std::vector<Layout::Turn>& turns, const std::vector<std::size_t>& lanes) {
    asked_ = completed_ = finished_ = 0;
    bool has_windows = false;
    for (const Layout::Turn& turn : turns) {
      for (const std::size_t lane : lanes) {
        if (turn[lane] == nullptr) continue;
        see(*turn[lane]);
        has_windows = true;
      }
    }
    if (!has_windows) return;
    ++conduct_.blocks;
    // What was due and not answered in the window is a backlog; a closed loop has none.
    const double answered = load_.is_open() ? std::min(completed_, finished_) : completed_;
    if (asked_ > 0 && answered >= thresholds::achieved_share * asked_) ++conduct_.blocks_held;
  }

  Conduct conduct() && {
    for (const std::string& kind : failures_)
      conduct_.failures += (conduct_.failures.empty() ? "" : ", ") + kind;
    if (!generator_.empty()) {
      conduct_.generator_share = stats::median(generator_);
      conduct_.server_share = stats::median(server_);
      conduct_.client_limited =
          !load_.is_open() && static_cast<double>(client_limited_) >
                                  thresholds::limited_windows * static_cast<double>(counted());
    }
    return std::move(conduct_);
  }

  std::size_t& windows() noexcept { return conduct_.windows; }
  std::size_t& windows_void() noexcept { return conduct_.windows_void; }

 private:
  std::size_t counted() const noexcept { return generator_.size(); }

  void see(const Window& window) {
    asked_ += static_cast<double>(window.scheduled);
    completed_ += static_cast<double>(window.completed);
    finished_ += static_cast<double>(window.finished);
    generator_.push_back(window.generator_share);
    server_.push_back(server_share(window, entry_, plan_));
    if (is_client_limited(window, server_.back())) ++client_limited_;
    if (!window.failures.empty()) ++conduct_.windows_failed;
    for (const Failure& failure : window.failures) failures_.insert(failure.kind);
  }

  const EntrySpec& entry_;
  const Load& load_;
  const Plan& plan_;
  Conduct conduct_;
  double asked_ = 0;  // of the block that is looked at
  double completed_ = 0;
  double finished_ = 0;
  std::vector<double> generator_;
  std::vector<double> server_;
  std::size_t client_limited_ = 0;
  std::set<std::string> failures_;
};

int sign_of(Word word) noexcept {
  switch (word) {
    case Word::faster:
    case Word::slightly_faster:
      return 1;
    case Word::slower:
    case Word::slightly_slower:
      return -1;
    default:
      return 0;
  }
}

// By how much the log-ratio of later turns differs from that of earlier ones, median over blocks.
std::optional<double> change_within_blocks(const Layout& layout, const Metric& metric,
                                           std::size_t load, std::size_t lane,
                                           std::size_t base_lane) {
  std::vector<double> changes;
  for (std::size_t block = 0; block < layout.blocks(); ++block) {
    std::vector<double> ratios;
    for (const auto& row : layout.logs(metric, block, load)) {
      const double ratio = row[lane] - row[base_lane];
      if (!std::isnan(ratio)) ratios.push_back(ratio);
    }
    const std::size_t half = ratios.size() / 2;
    if (half == 0) continue;
    const auto all = std::span<const double>(ratios);
    changes.push_back(stats::hodges_lehmann(all.last(half)) -
                      stats::hodges_lehmann(all.first(half)));
  }
  if (changes.size() < thresholds::fewest_blocks) return std::nullopt;
  return stats::median(changes);
}

void warn_of_warmup(const Layout& layout, const JudgedRun& judged,
                    std::vector<std::string>& warnings) {
  const auto& loads = judged.run.manifest.plan.loads;
  const std::string& reference = judged.run.manifest.reference;
  const std::size_t base = layout.lane_of(reference, Role::reference);
  for (const EntrySpec& entry : judged.run.manifest.entries) {
    if (entry.name == reference) continue;
    for (std::size_t load = 0; load < loads.size(); ++load) {
      const auto change = change_within_blocks(layout, metrics().front(), load,
                                               layout.lane_of(entry.name, Role::candidate), base);
      if (!change || std::abs(*change) <= std::log1p(thresholds::warmup_change)) continue;
      warnings.push_back(entry.name + " used " + format_percent(std::abs(std::expm1(*change))) +
                         (*change < 0 ? " less" : " more") +
                         " CPU per request in the later turns of its blocks than in the first, "
                         "beside " +
                         reference + ", at " + loads[load].id + ": it was still warming up");
    }
  }
}

// The interval over blocks takes them for independent. Where they are not, the run says so itself.
void warn_of_correlation(const JudgedRun& judged, std::vector<std::string>& warnings) {
  const auto primary = judged.judgements_of(metrics().front().id);
  for (const Judgement* judgement : primary) {
    for (const Contrast& contrast : judgement->contrasts) {
      if (contrast.blocks < thresholds::fewest_blocks) continue;
      const double correlation = stats::lag_correlation(contrast.log_ratios);
      const auto degrees = static_cast<double>(contrast.blocks - 2);
      const double t = correlation * std::sqrt(degrees / (1 - correlation * correlation));
      const double tests = static_cast<double>(primary.size() * judgement->contrasts.size());
      if (t <= -stats::student_quantile(thresholds::alpha / tests, degrees)) continue;
      std::array<char, 16> text{};
      std::snprintf(text.data(), text.size(), "%.2f", correlation);
      warnings.push_back("blocks of " + contrast.entry + " at " + judgement->load.id +
                         " resemble their neighbours (correlation " + text.data() +
                         "): its interval may still be too narrow");
    }
  }
}

}  // namespace

bool held(const Conduct& conduct) noexcept {
  return static_cast<double>(conduct.blocks_held) >=
         thresholds::held_blocks * static_cast<double>(conduct.blocks);
}

std::vector<Conduct> conduct_in(const Layout& layout, const Run& run) {
  const Plan& plan = run.manifest.plan;
  std::vector<Witness> witnesses;
  for (const EntrySpec& entry : run.manifest.entries) {
    for (std::size_t load = 0; load < plan.loads.size(); ++load) {
      Witness& witness = witnesses.emplace_back(entry, plan.loads[load], plan);
      for (std::size_t block = 0; block < layout.blocks(); ++block)
        witness.see_block(layout.turns(block, load), layout.lanes_of(entry.name));
    }
  }
  std::map<std::pair<std::string_view, std::string_view>, Witness*> by_name;
  auto next = witnesses.begin();
  for (const EntrySpec& entry : run.manifest.entries) {
    for (const Load& load : plan.loads) by_name[{entry.name, load.id}] = &*next++;
  }
  for (const Window& window : run.windows) {
    Witness& witness = *by_name.at({window.entry, window.load});
    ++witness.windows();
    if (window.void_cause) ++witness.windows_void();
  }
  std::vector<Conduct> all;
  for (Witness& witness : witnesses) {
    if (witness.windows() > 0) all.push_back(std::move(witness).conduct());
  }
  return all;
}

std::vector<VoidWindows> void_windows_in(const Run& run) {
  std::map<std::pair<std::string_view, Role>, std::size_t> of;
  std::map<std::tuple<std::string_view, Role, std::string_view>, std::size_t> counts;
  for (const Window& window : run.windows) {
    ++of[{window.entry, window.role}];
    if (window.void_cause) ++counts[{window.entry, window.role, *window.void_cause}];
  }
  std::vector<VoidWindows> all;
  for (const auto& [key, windows] : counts) {
    const auto& [entry, role, cause] = key;
    all.push_back({std::string(entry), role, std::string(cause), windows, of.at({entry, role})});
  }
  return all;
}

std::vector<SignChange> sign_changes_in(const JudgedRun& judged) {
  std::vector<SignChange> changes;
  const auto primary = judged.judgements_of(metrics().front().id);
  for (const EntrySpec& entry : judged.run.manifest.entries) {
    const Judgement* last = nullptr;  // the last load with a direction
    int last_sign = 0;
    for (const Judgement* judgement : primary) {
      const Contrast* const contrast = judgement->contrast(entry.name);
      const int sign = contrast == nullptr ? 0 : sign_of(contrast->word);
      if (sign == 0) continue;
      if (last != nullptr && sign != last_sign) {
        const bool faster_first = last_sign > 0;
        changes.push_back({.entry = entry.name,
                           .from = (faster_first ? last : judgement)->load.id,
                           .to = (faster_first ? judgement : last)->load.id});
      }
      last = judgement;
      last_sign = sign;
    }
  }
  return changes;
}

std::vector<std::string> warnings_about(const Layout& layout, const JudgedRun& judged) {
  std::vector<std::string> warnings;
  const Manifest& manifest = judged.run.manifest;
  if (manifest.plan.accept_noise)
    warnings.emplace_back(
        "disturbed windows count (--accept-noise): a trial of the tools, not a measurement");
  if (manifest.build.preset != "release")
    warnings.push_back("built as '" + manifest.build.preset +
                       "': only the release preset is ever measured");
  for (std::string& warning : warnings_about_cpus(manifest)) warnings.push_back(std::move(warning));
  for (std::string& warning : warnings_about_queues(layout, judged))
    warnings.push_back(std::move(warning));
  warn_of_warmup(layout, judged, warnings);
  warn_of_correlation(judged, warnings);
  return warnings;
}

}  // namespace duelio::results
