#include "results/report/lights.h"

#include <algorithm>

#include "common/units.h"
#include "results/report/markup.h"
#include "results/report/words.h"
#include "results/table.h"

namespace duelio::results {

using namespace markup;

namespace {

// Beyond it the run took place on a machine that was busy with something else.
constexpr double many_void_windows = 0.05;

std::string_view state_of(Control control) {
  switch (control) {
    case Control::passed:
      return "good";
    case Control::widened:
      return "warn";
    default:
      return "bad";
  }
}

std::string of(std::size_t part, std::size_t whole) {
  return std::to_string(part) + " of " + std::to_string(whole);
}

std::string void_table(const JudgedRun& run) {
  if (run.void_windows.empty()) return "<p>No window was void.</p>\n";
  Table table("Void windows: what the machine or the generator did, not the entry",
              {"lane", "windows", "cause"});
  for (const VoidWindows& each : run.void_windows)
    table.row({run.label(each.entry) + (each.role == Role::control ? " again" : ""),
               of(each.windows, each.of), each.cause});
  return table.str();
}

}  // namespace

std::string lights(const JudgedRun& run) {
  std::string html = "<ul class=\"lights\" aria-label=\"Validity\">\n";
  const auto light = [&](const std::string& name, std::string_view state, const std::string& text) {
    html += "<li><b>" + escape(name) + "</b> <span class=\"" + std::string(state) + "\">" +
            escape(text) + "</span></li>\n";
  };
  for (const Judgement* judgement : run.judgements_of(metrics().front().id)) {
    std::string text(to_string(judgement->control_state));
    if (judgement->control_state == Control::widened)
      text += " to " + format_percent(judgement->effect);
    light("control " + load_phrase(judgement->load), state_of(judgement->control_state), text);
  }
  const std::size_t windows = run.run.windows.size();
  const auto voids = static_cast<std::size_t>(
      std::count_if(run.run.windows.begin(), run.run.windows.end(),
                    [](const Window& window) { return window.void_cause.has_value(); }));
  const bool is_noisy =
      static_cast<double>(voids) > many_void_windows * static_cast<double>(windows);
  light("void windows", is_noisy ? "warn" : "good", of(voids, windows));

  std::size_t missed = 0;  // by an entry, at a load
  std::size_t failed = 0;
  std::string limited;
  for (const Conduct& conduct : run.conduct) {
    if (conduct.blocks_held < conduct.blocks) ++missed;
    failed += conduct.windows_failed;
    if (conduct.client_limited) limited += (limited.empty() ? "" : ", ") + run.label(conduct.entry);
  }
  light("offered rates", missed == 0 ? "good" : "warn",
        missed == 0 ? "held in every block" : of(missed, run.conduct.size()) + " not held");
  light("windows with failures", failed == 0 ? "good" : "bad", std::to_string(failed));
  light("the client was the limit", limited.empty() ? "good" : "warn",
        limited.empty() ? "never" : "of " + limited);
  light("warnings", run.warnings.empty() ? "good" : "warn", std::to_string(run.warnings.size()));
  return html + "</ul>\n";
}

std::string conduct_tables(const JudgedRun& run) {
  Table table("How each entry and its client did",
              {"entry", "load", "blocks that held it", "failed windows", "failures", "void windows",
               "client busy", "server busy"});
  for (const Conduct& conduct : run.conduct) {
    std::string load = conduct.load;
    bool is_open = false;
    for (const Load& each : run.run.manifest.plan.loads) {
      if (each.id != conduct.load) continue;
      load = load_label(each);
      is_open = each.is_open();
    }
    table.row({run.label(conduct.entry), load,
               is_open ? of(conduct.blocks_held, conduct.blocks) : "-",
               of(conduct.windows_failed, conduct.windows),
               conduct.failures.empty() ? "none" : conduct.failures,
               of(conduct.windows_void, conduct.windows),
               number(100 * conduct.generator_share, "%.0f %%"),
               number(100 * conduct.server_share, "%.0f %%")});
  }
  return table.str() + void_table(run);
}

}  // namespace duelio::results
