#include "results/report/site.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include "results/report/html.h"
#include "results/report/whole_file.h"
#include "results/report/words.h"

namespace duelio::results {

namespace {

// In the order of the runs, each once.
std::vector<std::string> page_names(std::span<const JudgedRun> runs) {
  std::vector<std::string> names = names_of(runs);
  std::map<std::string, int> seen;
  for (std::string& name : names) {
    for (const std::string_view ending : {".xz", ".jsonl"}) {
      if (name.ends_with(ending)) name.erase(name.size() - ending.size());
    }
    // Of a whole path, the folders of which are no folders of the site.
    name.erase(0, name.find_first_not_of("./"));
    std::replace(name.begin(), name.end(), '/', '-');
    if (name.empty() || name == "index") name = "run";
    if (const int before = seen[name]++; before > 0) name += "-" + std::to_string(before + 1);
    name += ".html";
  }
  return names;
}

}  // namespace

void write_site(std::span<const JudgedRun> runs, const std::string& folder) {
  const std::vector<std::string> names = page_names(runs);
  std::filesystem::create_directories(folder);
  const std::filesystem::path root(folder);
  for (std::size_t i = 0; i < runs.size(); ++i)
    write_file(root / names[i], to_html(runs.subspan(i, 1)));
  write_file(root / "index.html", index_to_html(runs, names));
}

}  // namespace duelio::results
