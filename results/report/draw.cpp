#include "results/report/draw.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include <boost/json.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os/error.h"
#include "results/report/assets.h"
#include "results/report/whole_file.h"

namespace duelio::results {

namespace json = boost::json;

namespace {

constexpr int static_width = 600;

// A stepped height in pixels: vega-lite warns when one meets a fitted width. The steps are those of
// the axis.
json::value height_of(const json::object& spec, const json::array& rows) {
  const json::value& height = spec.at("height");
  if (!height.is_object()) return height;
  const json::string& field = spec.at("encoding").at("y").at("field").as_string();
  std::set<std::string> steps;
  for (const json::value& row : rows) steps.insert(json::serialize(row.at(field)));
  return height.at("step").to_number<int>() * static_cast<int>(steps.size());
}

json::object spec_of(const Drawing& drawing) {
  return json::parse(drawing.figure->spec).as_object();
}

// The control is drawn in grey by the specs themselves.
json::array colours_of(const JudgedRun& run, const json::array& rows) {
  const json::value theme = json::parse(assets::theme());
  const json::array& palette = theme.at("range").at("category").as_array();
  std::set<json::string> seen;
  json::array colours;
  for (const json::value& row : rows) {
    const json::object& fields = row.as_object();
    const json::value* const entry = fields.if_contains("entry");
    const json::value* const kind = fields.if_contains("kind");
    if (entry == nullptr || (kind != nullptr && *kind == "control")) continue;
    if (!seen.insert(entry->as_string()).second) continue;
    std::size_t place = 0;
    for (const EntrySpec& each : run.run.manifest.entries) {
      if (run.label(each.name) == entry->as_string()) break;
      ++place;
    }
    colours.push_back(palette[place % palette.size()]);
  }
  return colours;
}

// Paper is white: a figure in a README or a paper must not depend on what lies behind it.
json::object theme_on_paper(const json::array& colours) {
  json::object theme = json::parse(assets::theme()).as_object();
  if (!colours.empty()) theme["range"] = json::object{{"category", colours}};
  theme["background"] = "white";
  theme["padding"] = 8;
  theme["legend"].as_object()["columns"] = static_width / 150;
  return theme;
}

// Fields are named once, and a text that occurs often is [its place in the list of texts].
class Packer {
 public:
  json::object pack(const json::array& rows) {
    std::vector<json::string_view> fields;
    for (const json::value& row : rows) {
      for (const auto& each : row.as_object()) {
        if (std::find(fields.begin(), fields.end(), each.key()) == fields.end())
          fields.push_back(each.key());
      }
    }
    json::array packed;
    for (const json::value& row : rows) {
      json::array cells;
      for (const json::string_view field : fields) {
        const json::value* const cell = row.as_object().if_contains(field);
        cells.push_back(cell == nullptr ? json::value(nullptr) : packed_cell(*cell));
      }
      packed.push_back(std::move(cells));
    }
    return {{"fields", json::array(fields.begin(), fields.end())}, {"rows", std::move(packed)}};
  }
  json::array texts() && { return std::move(texts_); }

 private:
  json::value packed_cell(const json::value& cell) {
    if (!cell.is_string()) return cell;
    const auto [place, is_new] = places_.try_emplace(cell.as_string(), texts_.size());
    if (is_new) texts_.push_back(cell);
    return json::array{place->second};
  }

  std::map<json::string, std::size_t> places_;
  json::array texts_;
};

json::array columns_json(const Figure& figure) {
  json::array columns;
  for (const Column& column : figure.columns)
    columns.push_back(json::array{column.field, column.head});
  return columns;
}

json::object bound(const Drawing& drawing) {
  json::object spec = spec_of(drawing);
  spec["title"] = drawing.panel.title;
  spec["width"] = static_width;
  spec["height"] = height_of(spec, drawing.panel.rows);
  spec["datasets"] = json::object{{spec.at("data").at("name").as_string(), drawing.panel.rows}};
  spec["config"] = theme_on_paper(drawing.colours);
  return spec;
}

// Waits for `words`, found in PATH.
int run_program(std::vector<std::string> words) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, argv.front(), nullptr, nullptr, argv.data(), environ);
  if (error != 0) {
    throw std::system_error(error, std::generic_category(),
                            "--svg needs Node.js (scripts/setup installs it): start " + words[0]);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::string run_prefix(std::size_t index, std::size_t count) {
  return count == 1 ? "" : "run-" + std::to_string(index + 1) + "-";
}

std::vector<Drawing> drawings(const JudgedRun& run, const std::string& prefix) {
  std::vector<Drawing> all;
  for (const RegisteredFigure& figure : registered_figures()) {
    if (figure.figure->of_run == nullptr) continue;
    for (Panel& panel : figure.figure->of_run(run)) {
      panel.id = prefix + panel.id;
      if (panel.choice) panel.choice->place = prefix + panel.choice->place;
      json::array colours = colours_of(run, panel.rows);
      // By section; within one in the order of the list.
      const auto behind = std::upper_bound(
          all.begin(), all.end(), panel.section,
          [](const auto& section, const Drawing& other) { return section < other.panel.section; });
      all.insert(behind, {&figure, std::move(panel), std::move(colours)});
    }
  }
  return all;
}

std::vector<Drawing> drawings_across(std::span<const JudgedRun> runs) {
  std::vector<Drawing> all;
  if (runs.size() < 2) return all;
  for (const RegisteredFigure& figure : registered_figures()) {
    if (figure.figure->of_runs == nullptr) continue;
    for (Panel& panel : figure.figure->of_runs(runs)) {
      json::array colours = colours_of(runs.front(), panel.rows);
      all.push_back({&figure, std::move(panel), std::move(colours)});
    }
  }
  return all;
}

json::object figures_json(const std::vector<Drawing>& drawings) {
  json::object specs;
  json::object columns;
  json::object out;
  Packer packer;
  for (const Drawing& drawing : drawings) {
    const std::string_view name = drawing.figure->name;
    if (!specs.contains(name)) specs[name] = spec_of(drawing);
    const Panel& panel = drawing.panel;
    json::object figure{{"spec", name},
                        {"height", height_of(specs[name].as_object(), panel.rows)},
                        {"colours", drawing.colours},
                        {"data", packer.pack(panel.rows)}};
    if (panel.choice) {
      columns[name] = columns_json(*drawing.figure->figure);
      figure["place"] = panel.choice->place;
      figure["choice"] = json::array{panel.choice->pair, panel.choice->load};
      figure["title"] = panel.title;
      figure["note"] = panel.note;
      if (!panel.table.empty()) figure["table"] = packer.pack(panel.table);
    }
    out[panel.id] = std::move(figure);
  }
  return {{"theme", json::parse(assets::theme())},
          {"specs", std::move(specs)},
          {"columns", std::move(columns)},
          {"texts", std::move(packer).texts()},
          {"figures", std::move(out)}};
}

bool draw_figures(std::span<const JudgedRun> runs, const std::string& folder) {
  std::filesystem::create_directories(folder);
  std::vector<std::string> words{"node", DUELIO_PLOTS "/render.mjs"};
  const auto write = [&](const std::vector<Drawing>& all) {
    for (const Drawing& drawing : all) {
      if (drawing.panel.choice && drawing.panel.choice->is_for_the_page) continue;
      const std::string name =
          (std::filesystem::path(folder) / (drawing.panel.id + ".vl.json")).string();
      write_file(name, json::serialize(bound(drawing)) + "\n");
      words.push_back(name);
    }
  };
  write(drawings_across(runs));
  for (std::size_t i = 0; i < runs.size(); ++i)
    write(drawings(runs[i], run_prefix(i, runs.size())));
  return run_program(std::move(words)) == 0;
}

}  // namespace duelio::results
