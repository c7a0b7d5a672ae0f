#include "compare/culprit.h"

#include <algorithm>
#include <set>

#include "common/thresholds.h"
#include "common/units.h"
#include "compare/validity.h"

namespace duelio::compare {

namespace {

double share_answered(const results::Window& window) {
  return window.scheduled == 0
             ? 1
             : static_cast<double>(window.completed) / static_cast<double>(window.scheduled);
}

}  // namespace

bool is_left_out(const std::vector<results::LeftOut>& left_out, std::string_view entry,
                 std::string_view load) {
  return std::any_of(left_out.begin(), left_out.end(), [&](const results::LeftOut& each) {
    return each.entry == entry && (!each.load || *each.load == load);
  });
}

bool is_left_out(const std::vector<results::LeftOut>& left_out, std::string_view entry) {
  return std::any_of(left_out.begin(), left_out.end(), [&](const results::LeftOut& each) {
    return each.entry == entry && !each.load;
  });
}

bool shows_nothing(const results::Window& window) {
  return window.finished == 0 && failures_of(window).empty();
}

std::string failures_of(const results::Window& window) {
  if (window.void_cause == unseen_time) return unseen_time;
  if (window.failures.empty() || share_answered(window) >= thresholds::achieved_share) return {};
  std::set<std::string> kinds;
  for (const results::Failure& failure : window.failures) kinds.insert(failure.kind);
  std::string text;
  for (const std::string& kind : kinds) text += (text.empty() ? "" : ", ") + kind;
  return text;
}

std::optional<std::string> Watch::see(const results::Window& window) {
  // What the machine did says nothing of the entry.
  if (window.void_cause && window.void_cause != unseen_time) return std::nullopt;
  const std::string failures = failures_of(window);
  windows_ = failures == failures_ ? windows_ + 1 : 1;
  failures_ = failures;
  if (failures_.empty() || windows_ < thresholds::again_and_again) return std::nullopt;
  return "failed in " + std::to_string(windows_) + " windows one after another: " + failures_;
}

std::optional<std::string> failure_in_calibration(const std::vector<results::Window>& windows) {
  const auto wrong = std::find_if(windows.begin(), windows.end(),
                                  [](const auto& window) { return failures_of(window).empty(); });
  if (wrong != windows.end() || windows.empty()) {
    const bool answers = std::any_of(windows.begin(), windows.end(),
                                     [](const auto& window) { return window.finished > 0; });
    return answers ? std::nullopt
                   : std::optional<std::string>("gave no right answer in the calibration");
  }
  std::uint64_t scheduled = 0;
  std::uint64_t completed = 0;
  for (const results::Window& window : windows) {
    scheduled += window.scheduled;
    completed += window.completed;
  }
  const std::string failures = failures_of(windows.front());
  if (windows.front().void_cause == unseen_time) return "cannot be measured: " + failures;
  return completed == 0
             ? "gave no right answer in the calibration: " + failures
             : "answered " + std::to_string(completed) + " of " + std::to_string(scheduled) +
                   " requests as it should in the calibration: " + failures;
}

std::vector<results::LeftOut> beyond_reach(const results::Plan& plan, std::string_view entry,
                                           const std::vector<results::Window>& windows) {
  double reached = 0;
  for (const results::Window& window : windows) {
    if (window.generator_share >= thresholds::limit_share) return {};
    reached = std::max(reached, static_cast<double>(window.finished) / window.length_s);
  }
  std::vector<results::LeftOut> all;
  for (const results::Load& load : plan.loads) {
    if (!load.is_open() || reached >= thresholds::reachable_share * *load.rate) continue;
    all.push_back({.entry = std::string(entry),
                   .why = "reached " + format_count(reached) + "/s at most in the calibration",
                   .load = load.id});
  }
  return all;
}

}  // namespace duelio::compare
