#include <array>
#include <cstdio>
#include <sstream>

#include "results/export/exporter.h"
#include "results/report/words.h"

namespace duelio::results::exporters {
namespace {

// RFC 4180: a field with a comma stands in quotes, and its quotes are doubled.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

// So that it reads back as the same number.
std::string exact(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.17g", value);
  return text.data();
}

// A row for each window and metric that is of windows.
std::string write(std::span<const JudgedRun> runs) {
  const std::vector<std::string> names = names_of(runs);
  const bool is_alone = runs.size() == 1;
  std::ostringstream out;
  out << (is_alone ? "" : "file,") << "block,turn,load,entry,threads,role,at_s,void,metric,value\n";
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const Window& window : runs[i].run.windows) {
      const unsigned threads = runs[i].run.entry(window.entry)->threads;
      for (const Metric& metric : metrics()) {
        const auto value = metric.of_window == nullptr ? std::nullopt : metric.of_window(window);
        if (!value) continue;
        if (!is_alone) out << quoted(names[i]) << ',';
        out << window.block << ',' << window.turn << ',' << quoted(window.load) << ','
            << quoted(window.entry) << ',' << threads << ',' << to_string(window.role) << ','
            << exact(window.at_s) << ',' << quoted(window.void_cause.value_or("")) << ','
            << metric.id << ',' << exact(*value) << '\n';
      }
    }
  }
  return out.str();
}

}  // namespace

extern const Exporter csv{.help = "write every window's numbers as CSV; - is stdout",
                          .write = write};

}  // namespace duelio::results::exporters
