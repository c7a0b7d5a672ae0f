#include "results/report/html.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <boost/json.hpp>

#include "common/units.h"
#include "results/likeness.h"
#include "results/report/across.h"
#include "results/report/assets.h"
#include "results/report/decisions.h"
#include "results/report/figures.h"
#include "results/report/html_tables.h"
#include "results/report/markup.h"
#include "results/report/text.h"
#include "results/table.h"

namespace duelio::results {

namespace json = boost::json;
using namespace markup;

namespace {

std::string answers(const Report& report) {
  std::string html = "<ul class=\"answers\">\n";
  if (const std::string why = report.run.unfinished(); !why.empty())
    html +=
        "<li>The run was not finished (" + escape(why) + "); what it had measured is shown.</li>\n";
  const MetricVerdict* const primary = report.primary();
  if (primary == nullptr || report.rounds == 0) {
    return html + "<li>No valid round: nothing can be said.</li></ul>\n";
  }
  for (const Contrast& contrast : primary->contrasts) {
    html += "<li>" + escape(answer(report, contrast)) + "</li>\n";
  }
  if (primary->contrasts.empty()) html += "<li>Only the reference was measured.</li>\n";
  return html + "</ul>\n";
}

std::string notes(const Report& report) {
  std::string html;
  const auto note = [&](const std::string& text) {
    html += "<p class=\"note\">" + escape(text) + "</p>\n";
  };
  const json::value* const noise =
      report.run.manifest.at("plan").as_object().if_contains("accept_noise");
  if (noise != nullptr && noise->as_bool())
    note("Disturbed rounds count: a trial of the tools, not a measurement.");
  for (const std::string& warning : warmup_warnings(report.run)) note(warning + ".");
  const json::value* const build = report.run.manifest.if_contains("build");
  if (build != nullptr && build->at("preset").as_string() != "release") {
    note("Not a release build: the figures mean nothing beyond a test of the tools.");
  }
  return html;
}

std::string lights(const Report& report) {
  std::string html = "<ul class=\"lights\" aria-label=\"Validity\">\n";
  const auto light = [&](std::string_view name, std::string_view state, const std::string& text) {
    html += "<li><b>" + std::string(name) + "</b> <span class=\"" + std::string(state) + "\">" +
            escape(text) + "</span></li>\n";
  };
  const MetricVerdict* const primary = report.primary();
  if (primary != nullptr) {
    const Control state = primary->control_state;
    light("control",
          state == Control::passed    ? "good"
          : state == Control::widened ? "warn"
                                      : "bad",
          std::string(to_string(state)) + " (" + format_ratio(primary->control) + ")");
    light("difference that matters",
          primary->minimum_effect > report.rule.minimum_effect ? "warn" : "good",
          number(100 * primary->minimum_effect, "%.1f %%"));
    light("drift of the reference", std::abs(primary->drift) > 0.7 ? "warn" : "good",
          number(primary->drift, "ρ = %.2f"));
  }
  double busiest = 0;
  std::size_t stolen = 0;
  double errors = 0;
  std::vector<double> lags;
  std::vector<double> latencies;
  for (const Slice& slice : report.run.slices) {
    busiest = std::max(busiest, slice.metric("open", "generator_share").value_or(0));
    stolen += slice.metric("open", "steal_share").value_or(0) > 0.05 ? 1U : 0U;
    if (const auto lag = slice.metric("open", "dispatch_lag_p99_ns")) lags.push_back(*lag);
    if (const auto latency = slice.metric("open", "p50_ns")) latencies.push_back(*latency);
    errors += slice.metric("open", "request_errors").value_or(0) +
              slice.metric("closed", "request_errors").value_or(0);
  }
  light("client at most", busiest > 0.98 ? "bad" : "good", number(100 * busiest, "%.0f %% busy"));
  if (!lags.empty() && !latencies.empty()) {
    // Beyond a tenth of the median latency the tails are the client's as much as the server's.
    const double lag = stats::median(lags);
    light("dispatch lag p99, median slice", lag * 10 > stats::median(latencies) ? "warn" : "good",
          format_duration(lag * 1e-9));
  }
  light("errors", errors > 0 ? "bad" : "good", number(errors, "%.0f"));
  light("steal above 5 %", stolen == 0 ? "good" : "warn",
        std::to_string(stolen) + " of " + std::to_string(report.run.slices.size()) + " slices");
  light("rounds", report.attempts > report.rounds ? "warn" : "good",
        std::to_string(report.rounds) + " valid of " + std::to_string(report.attempts));
  return html + "</ul>\n";
}

// Nothing when there is nothing to show.
std::string chart(const std::vector<Figure>& all, std::string_view id, const std::string& caption) {
  for (const Figure& figure : all) {
    if (figure.id != id) continue;
    return "<figure class=\"chart\" data-figure=\"" + escape(id) + "\"><figcaption>" + caption +
           "</figcaption><div></div></figure>\n";
  }
  return {};
}

std::string ratio_figures(const Report& report, const std::vector<Figure>& all,
                          const std::string& prefix) {
  std::string html;
  for (const MetricVerdict& verdict : report.verdicts) {
    const Metric& metric = *verdict.metric;
    html += chart(all, prefix + "ratio-" + std::string(metric.id),
                  "<b>" + escape(metric.title) + "</b> " +
                      (verdict.primary ? "(primary)" : "(exploratory)") + ", " +
                      (metric.lower_is_better ? "left" : "right") +
                      " is better; shaded: differences that do not matter");
  }
  return html;
}

// Why something was not counted; nothing when the machine permits it.
std::string missing_counts(const Report& report) {
  std::string html;
  constexpr std::array sources{std::pair{"System calls", "syscall_counts"},
                               std::pair{"Hardware counters", "hardware_counters"}};
  for (const auto& [title, key] : sources) {
    const json::value* const state = report.run.manifest.at("machine").as_object().if_contains(key);
    if (state != nullptr && *state != "available")
      html += "<p class=\"note\">" + std::string(title) + ": " + escape(show(*state)) + "</p>\n";
  }
  return html;
}

std::string costs(const Report& report, const std::vector<Figure>& all, const std::string& prefix) {
  std::string counted;
  for (const Count& count : counts())
    counted += chart(all, prefix + std::string(count.id),
                     "<b>" + std::string(count.title) + "</b> per request, median over rounds");
  return "<div class=\"beside\">\n" +
         chart(all, prefix + "cpu",
               "<b>server CPU</b> per request at the offered rate, in user mode and in the kernel, "
               "median over rounds") +
         counted + "</div>\n" + missing_counts(report) +
         fold("CPU times and counts as a table", cost_table(report));
}

std::string memory(const Report& report, const std::vector<Figure>& all,
                   const std::string& prefix) {
  const json::array rows = memory_rows(report);
  if (rows.empty()) return "<p>Not measured.</p>\n";
  return chart(all, prefix + "memory",
               "Growth of the server's resident memory from its start to the end of the slice, "
               "divided by all its connections, idle ones included; median over rounds. With few "
               "connections it is mostly what a process touches once.") +
         fold("The memory as a table", memory_table(rows));
}

std::string seconds(const Report& report, const std::vector<Figure>& all,
                    const std::string& prefix) {
  const json::array rows = second_rows(report);
  if (rows.empty())
    return "<p>Shown for slices of two seconds or more: <code>--preset thorough</code>, or "
           "<code>--slice</code>.</p>\n";
  return chart(all, prefix + "seconds",
               "p99 latency of each second at the offered rate. Faint: each slice; strong: their "
               "median. A slope says that the slices or their warm-up are too short.") +
         fold("The seconds as a table", second_table(rows));
}

std::string manifest(const json::object& manifest) {
  std::string html = "<dl>\n";
  const auto item = [&](std::string_view name, const std::string& text, bool code = false) {
    html += "<dt>" + escape(name) + "</dt><dd>" +
            (code ? "<code>" + escape(text) + "</code>" : escape(text)) + "</dd>\n";
  };
  std::string command;
  for (const json::value& word : manifest.at("command").as_array()) {
    command += (command.empty() ? "" : " ") + std::string(word.as_string());
  }
  item("command", command, true);
  item("seed", show(manifest.at("seed")));
  item("started", show(manifest.at("started")));
  for (const std::string_view part : {"workload", "plan", "machine", "build"}) {
    for (const auto& [key, value] : manifest.at(part).as_object()) {
      if (value.is_object()) continue;
      item(std::string(part) + ": " + std::string(key), show(value));
    }
  }
  return html + "</dl>\n";
}

std::string headline(const Report& report) {
  std::string names;
  for (const std::string& entry : report.run.entries())
    names += (names.empty() ? "" : ", ") + report.label(entry);
  return names + ": workload " +
         std::string(report.run.manifest.at("workload").at("name").as_string()) + ", " +
         show(report.run.manifest.at("plan").at("connections")) + " connections";
}

// The sections of one run. `prefix` tells its figures and headings from those of other runs.
std::string sections(const Report& report, const std::vector<Figure>& all,
                     const std::string& prefix) {
  const bool is_alone = prefix.empty();
  return fill(
      assets::run(),
      {{"run", prefix},
       {"of", is_alone ? "" : prefix + "title "},
       {"h", is_alone ? "h2" : "h3"},
       {"notes", notes(report)},
       {"lights", lights(report)},
       {"decisions", decisions(report)},
       {"ratio-figures", ratio_figures(report, all, prefix)},
       {"ratios", fold("The ratios as tables", ratio_table(report))},
       {"latencies",
        chart(
            all, prefix + "latency",
            "Latency at the offered rate, from the intended send. Line: median over rounds; band: "
            "the middle half of them. Each step to the right is ten times rarer.") +
            fold("The latencies as a table", latency_table(latency_rows(report)))},
       {"cpu", costs(report, all, prefix)},
       {"memory", memory(report, all, prefix)},
       {"rounds",
        chart(all, prefix + "rounds",
              "Server CPU per request of each slice at the offered rate, in the order they ran. "
              "Hollow: part of a round that was repeated.") +
            fold("The slices as a table", round_table(round_rows(report)))},
       {"seconds", seconds(report, all, prefix)},
       {"manifest", manifest(report.run.manifest)}});
}

std::string overview(std::span<const Report> reports, const std::vector<std::string>& names) {
  Table table("The files",
              {"file", "started", "machine", "workload", "connections", "handler CPU",
               "offered rate", "control"},
              Table::Of::words);
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const Report& report = reports[i];
    const json::object& manifest = report.run.manifest;
    const json::value& machine = manifest.at("machine");
    const MetricVerdict* const primary = report.primary();
    table.row({std::to_string(i + 1) + ": " + names[i],
               std::string(manifest.at("started").as_string()).substr(0, 10),
               show(machine.at("cpu")) + ", " + show(machine.at("cpus")) + " CPUs",
               show(manifest.at("workload").at("name")),
               show(manifest.at("plan").at("connections")), handler_cpu(report.run),
               format_count(manifest.at("plan").at("rate").to_number<double>()) + "/s",
               primary == nullptr ? "-" : std::string(to_string(primary->control_state))},
              "#" + run_prefix(i, reports.size()) + "title");
    std::string says = answers(report);
    if (const auto unlike = differences(reports.front().run, report.run, Figures::ratios);
        !unlike.empty()) {
      says += "<p class=\"bad\">Not comparable with file 1: ";
      for (const std::string& difference : unlike)
        says += (&difference == &unlike.front() ? "" : "; ") + escape(difference);
      says += "</p>\n";
    }
    table.across(says);
  }
  return table.str();
}

// What a series of runs shows together; nothing when they are no series.
std::string across(std::span<const Report> reports, const std::vector<Figure>& all) {
  const auto series = series_of(reports);
  if (!series) return {};
  const std::string axis(to_string(series->axis));
  std::string html =
      "<section aria-labelledby=\"across\"><h2 id=\"across\">Over " + axis + "</h2>\n";
  for (const Figure& figure : all) {
    if (figure.id == "scaling") {
      html += chart(all, figure.id,
                    "<b>" + escape(metrics().front().title) + "</b> (primary) over " + axis +
                        ", lower is better; each ratio is of one run. Shaded: differences that do "
                        "not matter there") +
              fold("The ratios over " + axis + " as a table", scaling_table(figure.rows));
    } else {
      html += chart(all, figure.id,
                    "<b>Throughput against p99 latency</b> as the offered rate grows, right and "
                    "low is better. Point: median over rounds; line through it: the middle half") +
              fold("Throughput and p99 as a table", throughput_table(figure.rows));
    }
  }
  return html + "</section>\n";
}

}  // namespace

std::string to_html(std::span<const Report> reports) {
  const bool is_alone = reports.size() == 1;
  const std::vector<std::string> names = names_of(reports);
  std::vector<Figure> all = figures_across(reports);
  std::string runs = across(reports, all);
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const std::string prefix = run_prefix(i, reports.size());
    std::vector<Figure> own = figures(reports[i], prefix);
    if (!is_alone) {
      const std::string id = prefix + "title\"";
      runs += "<article aria-labelledby=\"" + id + ">";
      runs += "<h2 id=\"" + id + ">" + std::to_string(i + 1) + ": " + escape(names[i]) + "</h2>\n";
      runs += "<p>" + escape(headline(reports[i])) + "</p>\n" + answers(reports[i]);
    }
    runs += sections(reports[i], own, prefix) + (is_alone ? "" : "</article>\n");
    std::move(own.begin(), own.end(), std::back_inserter(all));
  }
  const std::string title =
      is_alone ? headline(reports[0]) : std::to_string(reports.size()) + " results files";
  return fill(assets::page(),
              {{"title", escape("duelio: " + title)},
               {"headline", escape(title)},
               {"css", std::string(assets::css())},
               {"answers", is_alone ? answers(reports[0]) : overview(reports, names)},
               {"runs", runs},
               {"figures", embed(figures_json(all))},
               {"vega", std::string(assets::vega())},
               {"vega-lite", std::string(assets::vega_lite())},
               {"vega-embed", std::string(assets::vega_embed())},
               {"script", std::string(assets::script())}});
}

}  // namespace duelio::results
