#include "results/report/html.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include <boost/json.hpp>

#include "results/history.h"
#include "results/likeness.h"
#include "results/report/assets.h"
#include "results/report/decisions.h"
#include "results/report/draw.h"
#include "results/report/lights.h"
#include "results/report/markup.h"
#include "results/report/pairs.h"
#include "results/report/why.h"
#include "results/report/words.h"
#include "results/table.h"

namespace duelio::results {

namespace json = boost::json;
using namespace markup;

namespace {

// A number and its per cent sign are not parted by the end of a line.
std::string together(std::string html) {
  for (std::size_t at = html.find(" %"); at != std::string::npos; at = html.find(" %", at))
    html.replace(at, 1, "&nbsp;");
  return html;
}

std::string list_of(const std::vector<std::string>& lines, std::string_view kind) {
  if (lines.empty()) return {};
  std::string html = "<ul class=\"" + std::string(kind) + "\">\n";
  for (const std::string& line : lines) html += "<li>" + together(escape(line)) + "</li>\n";
  return html + "</ul>\n";
}

std::string notes(const JudgedRun& run) {
  std::string html;
  for (const std::string& warning : run.warnings)
    html += "<p class=\"note\">" + escape(warning) + "</p>\n";
  return html;
}

std::string answer_list(const JudgedRun& run) {
  constexpr std::size_t few = 4;  // more of them would push the figure out of sight
  const std::vector<std::string> each = answers(run);
  const std::string list = list_of(each, "answers");
  return list_of(shortcomings(run), "answers short") + list_of(turns(run), "answers turns") +
         (each.size() > few ? fold("Each entry in a sentence", list) : list) +
         list_of(conduct_sentences(run), "answers conduct");
}

// The rows as a table, for those who do not see the figure.
std::string table_of(const Drawing& drawing) {
  const auto& columns = drawing.figure->figure->columns;
  std::vector<std::string> heads;
  for (const Column& column : columns) heads.emplace_back(column.head);
  Table table(drawing.panel.title, heads);
  const json::array& rows = drawing.panel.table.empty() ? drawing.panel.rows : drawing.panel.table;
  for (const json::value& row : rows) {
    std::vector<std::string> cells;
    for (const Column& column : columns) {
      const json::value& value = row.at(column.field);
      cells.push_back(column.format == nullptr ? show(value)
                                               : number(value.to_number<double>(), column.format));
    }
    table.row(cells);
  }
  return table.str();
}

std::string chart(const Drawing& drawing) {
  return std::string(drawing.figure->figure->is_wide ? "<div class=\"wide\">" : "<div>") +
         "<figure class=\"chart\" data-figure=\"" + escape(drawing.panel.id) +
         "\"><figcaption><b>" + escape(drawing.panel.title) +
         "</b>: " + escape(drawing.panel.note) + "</figcaption><div></div></figure>\n" +
         fold("As a table", table_of(drawing)) + "</div>\n";
}

enum class Layout : std::uint8_t { stacked, beside };

std::string charts(const std::vector<Drawing>& all, Section section, Layout layout) {
  std::string html;
  std::set<std::string> places;
  for (const Drawing& drawing : all) {
    if (drawing.panel.section != section) continue;
    const auto& choice = drawing.panel.choice;
    if (!choice || places.insert(choice->place).second) {
      html += chart(drawing);
    } else if (!choice->is_for_the_page && !drawing.panel.table.empty()) {
      html += "<noscript>" + fold(drawing.panel.title, table_of(drawing)) + "</noscript>\n";
    }
  }
  return html.empty() || layout == Layout::stacked ? html
                                                   : "<div class=\"beside\">\n" + html + "</div>\n";
}

// Why something was not counted; nothing when the machine permits it.
std::string missing_counts(const Machine& machine) {
  std::string html;
  const auto note = [&](const char* what, const std::string& state) {
    if (state != "available")
      html += "<p class=\"note\">" + std::string(what) + ": " + escape(state) + "</p>\n";
  };
  note("System calls", machine.syscall_counts);
  note("Hardware counters", machine.hardware_counters);
  return html;
}

std::string name_of_field(std::string_view path) {
  std::string name(path);
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

template <Record T>
std::string in_line(const T& record) {
  std::string text;
  T::fields(record, [&](std::string_view name, const auto& field, Share) {
    const json::value value = to_value(field);
    if (value.is_null() || value == 0 || value == false) return;
    text += (text.empty() ? "" : ", ") + name_of_field(name) + " " + show(value);
  });
  return text;
}

// Every field by its list, so that what is recorded is shown.
template <Record T>
void add_items(std::string& html, const T& record, const std::string& path) {
  const auto item = [&](const std::string& name, const std::string& text) {
    html += "<dt>" + escape(name) + "</dt><dd>" + escape(text) + "</dd>\n";
  };
  T::fields(record, [&](std::string_view name, const auto& field, Share) {
    using Field = std::remove_cvref_t<decltype(field)>;
    const std::string full = (path.empty() ? "" : path + ": ") + name_of_field(name);
    if constexpr (Record<Field>) {
      add_items(html, field, full);
    } else if constexpr (is_optional_record<Field>) {
      if (field) add_items(html, *field, full);
    } else if constexpr (is_vector<Field>) {
      if constexpr (Record<typename Field::value_type>) {
        for (const auto& each : field) item(full, in_line(each));
      } else {
        item(full, show(to_value(field)));
      }
    } else {
      item(full, show(to_value(field)));
    }
  });
}

std::string manifest_list(const Manifest& manifest) {
  std::string list = "<dl>\n";
  add_items(list, manifest, "");
  return "<p><code>" + escape(command_line(manifest)) + "</code></p>\n<p>" +
         escape(manifest.machine.cpu + ", " + std::to_string(manifest.machine.cpus) + " CPUs" +
                (manifest.machine.hypervisor ? " (virtual)" : "") + ", " + manifest.machine.kernel +
                "; " + manifest.started + ", build " + manifest.build.revision + " (" +
                manifest.build.preset + ")") +
         "</p>\n" + fold("Everything that is on file about it", list + "</dl>\n");
}

// A part of the page with its heading; nothing without content. Headings of one of several runs are
// a step lower, and told from those of others by `prefix`.
std::string section(const std::string& prefix, std::string_view id, std::string_view heading,
                    const std::string& content) {
  if (content.empty()) return {};
  const std::string level = prefix.empty() ? "h2" : "h3";
  const std::string full = prefix + std::string(id);
  return "<section aria-labelledby=\"" + (prefix.empty() ? "" : prefix + "title ") + full + "\"><" +
         level + " id=\"" + full + "\">" + std::string(heading) + "</" + level + ">\n" + content +
         "</section>\n";
}

std::string sections(const JudgedRun& run, const std::vector<Drawing>& all,
                     const std::string& prefix) {
  const auto part = [&](std::string_view id, std::string_view heading, const std::string& content) {
    return section(prefix, id, heading, content);
  };
  const std::string levels = charts(all, Section::levels, Layout::beside);
  return notes(run) + lights(run) +
         part("load", "Against the reference, over the load",
              charts(all, Section::answer, Layout::stacked) + decisions(run)) +
         part("why", "Where the difference comes from",
              why_sentences(run) + why_chooser(all) + charts(all, Section::why, Layout::beside) +
                  why_tables(run)) +
         part("ratios", "In other metrics", charts(all, Section::ratios, Layout::beside)) +
         part("pairs", "Each against each", pair_tables(run)) +
         part("latency", "Latency", charts(all, Section::latency, Layout::beside)) +
         part("levels", "What was there", levels + missing_counts(run.run.manifest.machine)) +
         part("blocks", "The blocks in order", charts(all, Section::blocks, Layout::beside)) +
         part("conduct", "What each entry and its client did", conduct_tables(run)) +
         part("manifest", "How it was measured", manifest_list(run.run.manifest));
}

std::string headline(const JudgedRun& run) {
  return entry_names(run) + ": " + format_setting(run.run);
}

std::string control_states(const JudgedRun& run) {
  std::string text;
  for (const Judgement* judgement : run.judgements_of(metrics().front().id))
    text += (text.empty() ? "" : ", ") + std::string(to_string(judgement->control_state));
  return text.empty() ? "-" : text;
}

std::string overview(std::span<const JudgedRun> runs, const std::vector<std::string>& names) {
  Table table("The files", {"file", "started", "machine", "conditions", "control at each load"},
              Table::Of::words);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const JudgedRun& run = runs[i];
    const Manifest& manifest = run.run.manifest;
    table.row({std::to_string(i + 1) + ": " + names[i], manifest.started.substr(0, 10),
               manifest.machine.cpu + ", " + std::to_string(manifest.machine.cpus) + " CPUs",
               format_setting(run.run), control_states(run)},
              "#" + run_prefix(i, runs.size()) + "title");
    std::string says = answer_list(run);
    for (const std::string& difference : differences(runs.front().run, run.run, Figures::ratios))
      says += "<p class=\"bad\">Not comparable with file 1: " + escape(difference) + "</p>\n";
    table.across(says);
  }
  return table.str();
}

std::string across(const std::vector<Drawing>& all) {
  std::string html;
  for (const Drawing& drawing : all) html += chart(drawing);
  return section("", "across", "Over what the files vary", html);
}

std::string kind_of(const Manifest& manifest) {
  const Machine& machine = manifest.machine;
  return machine.details
             ? machine.details->kind
             : machine.cpu + ", " + std::to_string(machine.cpus) + " CPUs, " + machine.kernel;
}

std::string page(const std::string& title, const std::string& answers, const std::string& parts,
                 const std::vector<Drawing>& all) {
  // Without figures their libraries, nine tenths of a page, are of no use.
  const auto library = [&](std::string_view text) { return std::string(all.empty() ? "" : text); };
  return fill(assets::page(), {{"title", escape("duelio: " + title)},
                               {"headline", escape(title)},
                               {"css", std::string(assets::css())},
                               {"answers", answers},
                               {"runs", parts},
                               {"figures", embed(figures_json(all))},
                               {"vega", library(assets::vega())},
                               {"vega-lite", library(assets::vega_lite())},
                               {"vega-embed", library(assets::vega_embed())},
                               {"script", std::string(assets::script())}});
}

}  // namespace

std::string to_html(std::span<const JudgedRun> runs) {
  const bool is_alone = runs.size() == 1;
  const std::vector<std::string> names = names_of(runs);
  std::vector<Drawing> all = drawings_across(runs);
  std::string parts = across(all);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string prefix = run_prefix(i, runs.size());
    std::vector<Drawing> own = drawings(runs[i], prefix);
    if (!is_alone) {
      const std::string id = prefix + "title\"";
      parts.append("<article aria-labelledby=\"").append(id).append("><h2 id=\"").append(id);
      parts.append(">").append(std::to_string(i + 1)).append(": ").append(escape(names[i]));
      parts.append("</h2>\n<p>").append(escape(headline(runs[i]))).append("</p>\n");
      parts += answer_list(runs[i]);
    }
    parts += sections(runs[i], own, prefix) + (is_alone ? "" : "</article>\n");
    std::move(own.begin(), own.end(), std::back_inserter(all));
  }
  return page(is_alone ? headline(runs[0]) : std::to_string(runs.size()) + " results files",
              is_alone ? answer_list(runs[0]) : overview(runs, names), parts, all);
}

std::string history_to_html(std::span<const JudgedRun> runs) {
  const std::vector<Series> history = history_of(runs);
  std::vector<std::string> changes = step_sentences(runs, history);
  if (changes.empty()) changes.emplace_back("No ratio changed its level.");
  const std::vector<Drawing> all = drawings_across(runs);
  const Manifest& newest = runs.back().run.manifest;
  return page(
      "A history of " + std::to_string(runs.size()) + " runs against " + newest.reference,
      list_of(changes, "answers"),
      across(all) + section("", "manifest", "How the newest was measured", manifest_list(newest)),
      all);
}

std::string index_to_html(std::span<const JudgedRun> runs, const std::vector<std::string>& links) {
  std::map<std::string, Table> kinds;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Manifest& manifest = runs[i].run.manifest;
    Table& table =
        kinds
            .try_emplace(kind_of(manifest), "Each run, and what it answers",
                         std::vector<std::string>{"conditions", "entries", "started", "control"},
                         Table::Of::words)
            .first->second;
    table.row({format_setting(runs[i].run), entry_names(runs[i]), manifest.started.substr(0, 10),
               control_states(runs[i])},
              links[i]);
    table.across(answer_list(runs[i]));
  }
  std::string parts;
  std::size_t number = 0;
  for (const auto& [kind, table] : kinds)
    parts += section("", "kind-" + std::to_string(++number), escape(kind), table.str());
  return page(std::to_string(runs.size()) + " comparisons on " + std::to_string(kinds.size()) +
                  (kinds.size() == 1 ? " kind of machine" : " kinds of machines"),
              "<p>Runs on machines of different kinds are not held against each other.</p>\n",
              parts, {});
}

}  // namespace duelio::results
