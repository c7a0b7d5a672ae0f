#include "results/report/figures.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include <boost/json.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os/error.h"
#include "results/report/across.h"
#include "results/report/assets.h"

namespace duelio::results {

namespace json = boost::json;

namespace {

constexpr int static_width = 600;

// A stepped height in pixels: vega-lite warns when one meets a fitted width.
json::value height_of(const json::object& spec, const json::array& rows) {
  const json::value& height = spec.at("height");
  if (!height.is_object()) return height;
  std::set<json::string> entries;
  for (const json::value& row : rows) entries.insert(row.at("entry").as_string());
  return height.at("step").to_number<int>() * static_cast<int>(entries.size());
}

json::object spec_of(std::string_view name) {
  return json::parse(assets::spec(name)).as_object();
}

// Paper is white: a figure in a README or a paper must not depend on what lies behind it.
json::object theme_on_paper() {
  json::object theme = json::parse(assets::theme()).as_object();
  theme["background"] = "white";
  theme["padding"] = 8;
  theme["legend"].as_object()["columns"] = static_width / 150;
  return theme;
}

json::object bound(const Figure& figure) {
  json::object spec = spec_of(figure.spec);
  spec.erase("autosize");  // the width is of the plot, so that plots above each other line up
  spec["width"] = static_width;
  spec["height"] = height_of(spec, figure.rows);
  spec["datasets"] = json::object{{spec.at("data").at("name").as_string(), figure.rows}};
  spec["config"] = theme_on_paper();
  return spec;
}

// The primary metric above the throughput.
json::object summary(const Report& report, const std::vector<Figure>& all,
                     const std::string& prefix) {
  json::array parts;
  for (const MetricVerdict& verdict : report.verdicts) {
    if (!verdict.primary && verdict.metric->id != "rate") continue;
    for (const Figure& figure : all) {
      if (figure.id != prefix + "ratio-" + std::string(verdict.metric->id)) continue;
      json::object part = bound(figure);
      part["title"] = std::string(verdict.metric->title) +
                      (verdict.primary ? "" : " (exploratory)") + ": " +
                      (verdict.metric->lower_is_better ? "left" : "right") + " is better";
      part["data"] = json::object{{"values", figure.rows}};
      for (const std::string_view top : {"$schema", "description", "datasets", "config"})
        part.erase(top);
      parts.push_back(std::move(part));
    }
  }
  return {{"$schema", spec_of("ratio").at("$schema")},
          {"description", spec_of("ratio").at("description")},
          {"config", theme_on_paper()},
          {"vconcat", std::move(parts)}};
}

// Waits for `words`, found in PATH.
int run(std::vector<std::string> words) {
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

std::vector<Figure> figures(const Report& report, const std::string& prefix) {
  std::vector<Figure> all;
  const auto add = [&](const std::string& id, std::string_view spec, json::array rows) {
    if (!rows.empty()) all.push_back({prefix + id, spec, std::move(rows)});
  };
  for (const MetricVerdict& verdict : report.verdicts)
    add("ratio-" + std::string(verdict.metric->id), "ratio", ratio_rows(verdict, report));
  add("latency", "latency", latency_rows(report));
  add("cpu", "cpu", cpu_rows(report));
  for (const Count& count : counts())
    add(std::string(count.id), "counts", count_rows(report, count));
  add("memory", "memory", memory_rows(report));
  add("rounds", "rounds", round_rows(report));
  add("seconds", "seconds", second_rows(report));
  return all;
}

std::vector<Figure> figures_across(std::span<const Report> reports) {
  std::vector<Figure> all;
  if (const auto series = series_of(reports)) {
    all.push_back({"scaling", "scaling", scaling_rows(*series)});
    all.push_back({"throughput", "throughput", throughput_rows(*series)});
  }
  std::erase_if(all, [](const Figure& figure) { return figure.rows.empty(); });
  return all;
}

json::object figures_json(const std::vector<Figure>& figures) {
  json::object specs;
  json::object out;
  for (const Figure& figure : figures) {
    if (!specs.contains(figure.spec)) specs[figure.spec] = spec_of(figure.spec);
    out[figure.id] =
        json::object{{"spec", figure.spec},
                     {"height", height_of(specs[figure.spec].as_object(), figure.rows)},
                     {"rows", figure.rows}};
  }
  return {{"theme", json::parse(assets::theme())},
          {"specs", std::move(specs)},
          {"figures", std::move(out)}};
}

bool draw_figures(std::span<const Report> reports, const std::string& folder) {
  std::filesystem::create_directories(folder);
  std::vector<std::string> words{"node", DUELIO_PLOTS "/render.mjs"};
  const auto write = [&](const std::string& id, const json::object& spec) {
    const std::string name = (std::filesystem::path(folder) / (id + ".vl.json")).string();
    std::ofstream file(name, std::ios::binary);
    file << json::serialize(spec) << '\n';
    file.close();
    if (!file) os::throw_errno("write " + name);
    words.push_back(name);
  };
  for (const Figure& figure : figures_across(reports)) write(figure.id, bound(figure));
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const std::string prefix = run_prefix(i, reports.size());
    const std::vector<Figure> all = figures(reports[i], prefix);
    for (const Figure& figure : all) write(figure.id, bound(figure));
    write(prefix + "summary", summary(reports[i], all, prefix));
  }
  return run(std::move(words)) == 0;
}

}  // namespace duelio::results
