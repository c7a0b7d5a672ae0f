#include "results/record.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "common/os/error.h"

namespace duelio::results {

namespace json = boost::json;

std::optional<double> Slice::metric(std::string_view phase, std::string_view key) const {
  const json::value* const found = phases.if_contains(phase);
  if (found == nullptr || !found->is_object()) return std::nullopt;
  const json::value* const metrics = found->get_object().if_contains("metrics");
  if (metrics == nullptr || !metrics->is_object()) return std::nullopt;
  const json::value* const value = metrics->get_object().if_contains(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

bool Slice::keeps_wall_clock(std::string_view phase) const {
  return std::none_of(
      wall_clock_causes.begin(), wall_clock_causes.end(), [&](const std::string& cause) {
        return cause.starts_with(phase) && cause.substr(phase.size()).starts_with(": ");
      });
}

json::object to_json(const Slice& slice) {
  json::object object{{"type", "slice"},
                      {"round", slice.round},
                      {"attempt", slice.attempt},
                      {"position", slice.position},
                      {"entry", slice.entry},
                      {"role", slice.role},
                      {"connections", slice.connections},
                      {"handler_cpu_ns", slice.handler_cpu_ns},
                      {"valid", slice.valid},
                      {"causes", json::value_from(slice.causes)},
                      {"wall_clock_causes", json::value_from(slice.wall_clock_causes)},
                      {"started_s", slice.started_s},
                      {"phases", slice.phases}};
  return object;
}

namespace {

Slice slice_from(const json::object& object) {
  Slice slice;
  slice.round = object.at("round").to_number<int>();
  slice.attempt = object.at("attempt").to_number<int>();
  slice.position = object.at("position").to_number<int>();
  slice.entry = json::value_to<std::string>(object.at("entry"));
  slice.role = json::value_to<std::string>(object.at("role"));
  slice.connections = object.at("connections").to_number<std::uint64_t>();
  slice.handler_cpu_ns = object.at("handler_cpu_ns").to_number<std::uint64_t>();
  slice.valid = object.at("valid").as_bool();
  slice.causes = json::value_to<std::vector<std::string>>(object.at("causes"));
  if (const json::value* const causes = object.if_contains("wall_clock_causes"))
    slice.wall_clock_causes = json::value_to<std::vector<std::string>>(*causes);
  slice.started_s = object.at("started_s").to_number<double>();
  slice.phases = object.at("phases").as_object();
  return slice;
}

void check_manifest(const json::object& manifest) {
  const auto& found = manifest.at("schema").as_string();
  if (found != schema) {
    throw std::runtime_error("has schema '" + std::string(found) + "', this version reads '" +
                             std::string(schema) + "'");
  }
  manifest.at("reference").as_string();
  for (const json::value& entry : manifest.at("entries").as_array()) entry.at("name").as_string();
  manifest.at("plan").as_object();
  manifest.at("workload").as_object().at("name").as_string();
}

}  // namespace

std::string Run::unfinished() const {
  if (truncated || !end) return "killed";
  return end->at("finished").as_bool() ? "" : json::value_to<std::string>(end->at("reason"));
}

std::string Run::reference() const {
  return json::value_to<std::string>(manifest.at("reference"));
}

std::vector<std::string> Run::entries() const {
  std::vector<std::string> names;
  for (const json::value& entry : manifest.at("entries").as_array()) {
    names.push_back(json::value_to<std::string>(entry.at("name")));
  }
  return names;
}

Run load(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) os::throw_errno("open " + file);
  std::ostringstream content;
  content << stream.rdbuf();
  const std::string text = content.str();

  Run run;
  run.file = file;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    ++number;
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) {
      run.truncated = true;
      break;
    }
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    try {
      const json::value value = json::parse(line);
      const json::object& object = value.as_object();
      const auto type = json::value_to<std::string>(object.at("type"));
      if (number == 1) {
        if (type != "manifest") throw std::runtime_error("is a " + type + ", not the manifest");
        check_manifest(object);
        run.manifest = object;
      } else if (type == "slice") {
        run.slices.push_back(slice_from(object));
      } else if (type == "end") {
        if (!object.at("finished").as_bool()) object.at("reason").as_string();  // or it throws
        run.end = object;
      } else if (type != "verdict") {  // verdicts are computed anew from the slices
        throw std::runtime_error("has unknown type '" + type + "'");
      }
    } catch (const std::exception& error) {
      throw BadFile(file + ":" + std::to_string(number) + ": " + error.what());
    }
  }
  if (run.manifest.empty()) {
    throw BadFile(file +
                  ":1: " + (text.empty() ? "the file is empty" : "no complete manifest line"));
  }
  return run;
}

void reopen(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) os::throw_errno("open " + file);
  const std::string fresh = file + ".resumed";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  std::string line;
  while (std::getline(stream, line) && !stream.eof()) {  // a last line without its newline sets eof
    const auto type = json::value_to<std::string>(json::parse(line).at("type"));
    if (type == "manifest" || type == "slice") out << line << '\n';
  }
  out.close();
  if (!out || std::rename(fresh.c_str(), file.c_str()) != 0) os::throw_errno("rewrite " + file);
}

Writer::Writer(std::string file) : file_(std::move(file)) {
  const auto folder = std::filesystem::path(file_).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder);
  stream_.open(file_, std::ios::binary | std::ios::app);
  if (!stream_) os::throw_errno("open " + file_);
}

void Writer::write(const json::object& record) {
  stream_ << json::serialize(record) + "\n" << std::flush;
  if (!stream_) os::throw_errno("write " + file_);
}

}  // namespace duelio::results
