#include "results/record.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include <boost/json.hpp>

#include "common/os/error.h"

namespace duelio::results {

namespace json = boost::json;

namespace {

constexpr std::array role_words{std::pair(Role::reference, "reference"),
                                std::pair(Role::control, "control"),
                                std::pair(Role::candidate, "candidate")};

template <class Line>
json::object line_of(std::string_view type, const Line& line) {
  json::object object{{"type", type}};
  const json::value fields = to_value(line);
  for (const auto& [key, value] : fields.get_object()) object.emplace(key, value);
  return object;
}

// Text of another kind is told apart before it is parsed, for a parser would only say where it
// stumbled.
void check_kind(const std::string& text) {
  using namespace std::string_view_literals;
  if (text.empty()) throw std::runtime_error("the file is empty");
  if (text.starts_with("\xFD"
                       "7zXZ\0"sv))
    throw std::runtime_error("is compressed: xz --decompress makes a results file of it");
  if (text.starts_with("\x1F\x8B"sv))
    throw std::runtime_error("is compressed: gzip --decompress makes a results file of it");
  if (!text.starts_with('{'))
    throw std::runtime_error("is no results file: it does not begin with a JSON object");
}

void check_schema(const json::object& line) {
  const json::value* const found = line.if_contains("schema");
  if (found == nullptr || !found->is_string()) throw std::runtime_error("schema is missing");
  if (found->get_string() == schema) return;
  const std::string other(found->get_string());
  throw std::runtime_error("is of schema " + other + ", which " +
                           (other == "duelio/1" ? "duelio up to revision ec384ef reads"
                                                : "another version of duelio reads") +
                           "; this one reads " + std::string(schema));
}

void check(const Manifest& manifest) {
  const auto twice = [](const auto& list, auto name) {
    for (auto one = list.begin(); one != list.end(); ++one) {
      if (std::any_of(list.begin(), one,
                      [&](const auto& other) { return (*one).*name == other.*name; }))
        throw std::runtime_error("'" + (*one).*name + "' stands twice in the manifest");
    }
  };
  twice(manifest.entries, &EntrySpec::name);
  twice(manifest.plan.loads, &Load::id);
  if (manifest.plan.loads.empty()) throw std::runtime_error("manifest.plan.loads is empty");
  if (std::none_of(manifest.entries.begin(), manifest.entries.end(),
                   [&](const EntrySpec& entry) { return entry.name == manifest.reference; }))
    throw std::runtime_error("manifest.reference is none of the entries");
}

// Puts the lines of a file together to a run.
class Reader {
 public:
  explicit Reader(Run& run) : run_(run) {}

  void read(std::string_view line) {
    // A block's histograms are thousands of values, of which none lives longer than the line.
    json::monotonic_resource memory(room_.data(), room_.size());
    json::value value = json::parse(line, &memory);
    if (!value.is_object()) throw std::runtime_error("is not an object");
    json::object& fields = value.get_object();
    const json::value* const type = fields.if_contains("type");
    if (type == nullptr || !type->is_string()) throw std::runtime_error("type is missing");
    const std::string kind(type->get_string());
    fields.erase("type");
    if (!has_manifest_) {
      if (kind != "manifest") throw std::runtime_error("is a " + kind + ", not the manifest");
      check_schema(fields);
      fields.erase("schema");
      from_value(value, run_.manifest, kind);
      check(run_.manifest);
      has_manifest_ = true;
    } else if (kind == "window") {
      add(read_as<Window>(value, kind));
    } else if (kind == "profile") {
      add(read_as<Profile>(value, kind));
    } else if (kind == "block") {
      add(read_as<Block>(value, kind));
    } else if (kind == "end") {
      run_.end = read_as<End>(value, kind);
    } else if (kind == "verdict") {
      read_as<Verdict>(value, kind);  // computed anew from the windows
    } else {
      throw std::runtime_error("has unknown type '" + kind + "'");
    }
  }

  bool has_manifest() const noexcept { return has_manifest_; }
  bool has_open_block() const noexcept { return !windows_.empty() || !profiles_.empty(); }

 private:
  template <class Line>
  static Line read_as(const json::value& fields, const std::string& kind) {
    Line line;
    from_value(fields, line, kind);
    return line;
  }

  void check_lane(const std::string& entry, Role role) const {
    if (run_.entry(entry) == nullptr)
      throw std::runtime_error("'" + entry + "' is none of the manifest's entries");
    if ((role == Role::candidate) == (entry == run_.manifest.reference))
      throw std::runtime_error("'" + entry + "' cannot be the " + std::string(to_string(role)));
  }

  void check_load(const std::string& load) const {
    const auto& loads = run_.manifest.plan.loads;
    if (std::none_of(loads.begin(), loads.end(), [&](const Load& each) { return each.id == load; }))
      throw std::runtime_error("'" + load + "' is none of the manifest's loads");
  }

  void add(Window window) {
    check_lane(window.entry, window.role);
    check_load(window.load);
    windows_.push_back(std::move(window));
  }

  void add(Profile profile) {
    check_lane(profile.entry, profile.role);
    check_load(profile.load);
    for (const auto& stack : profile.stacks) {
      if (stack.empty() || std::any_of(stack.begin() + 1, stack.end(), [&](std::uint32_t frame) {
            return frame >= profile.frames.size();
          }))
        throw std::runtime_error("profile.stacks names a frame that is not there");
    }
    profiles_.push_back(std::move(profile));
  }

  void add(Block block) {
    if (!run_.blocks.empty() && block.block <= run_.blocks.back().block)
      throw std::runtime_error("block " + std::to_string(block.block) + " is out of order");
    for (const Lane& lane : block.lanes) {
      check_lane(lane.entry, lane.role);
      for (const LaneLoad& load : lane.loads) {
        check_load(load.load);
        latency_.assign(load.latency);  // throws
      }
    }
    take(windows_, run_.windows, block.block, "window");
    take(profiles_, run_.profiles, block.block, "profile");
    run_.blocks.push_back(std::move(block));
  }

  // Those of a block that is whole now.
  template <class Line>
  static void take(std::vector<Line>& from, std::vector<Line>& to, std::size_t block,
                   const char* kind) {
    for (Line& line : from) {
      if (line.block != block)
        throw std::runtime_error(std::string(kind) + " of block " + std::to_string(line.block) +
                                 " stands in block " + std::to_string(block));
      to.push_back(std::move(line));
    }
    from.clear();
  }

  Run& run_;
  Histogram latency_;
  std::vector<unsigned char> room_ = std::vector<unsigned char>(256 * 1024);
  bool has_manifest_ = false;
  std::vector<Window> windows_;  // of the block that is not whole yet
  std::vector<Profile> profiles_;
};

std::string content_of(const std::string& file) {
  if (std::filesystem::is_directory(file))
    throw BadFile(file + ": is a directory; a results file is asked for");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) os::throw_errno("open " + file);
  std::ostringstream content;
  content << stream.rdbuf();
  if (stream.bad()) os::throw_errno("read " + file);
  return std::move(content).str();
}

}  // namespace

std::string_view to_string(Role role) noexcept {
  for (const auto& [each, word] : role_words) {
    if (each == role) return word;
  }
  return {};
}

bool from_string(std::string_view text, Role& role) noexcept {
  for (const auto& [each, word] : role_words) {
    if (word != text) continue;
    role = each;
    return true;
  }
  return false;
}

std::string Run::unfinished() const {
  if (!end) return "killed";
  return end->finished ? "" : end->reason;
}

const EntrySpec* Run::entry(std::string_view name) const noexcept {
  for (const EntrySpec& each : manifest.entries) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

std::vector<LeftOut> Run::left_out() const {
  if (end) return end->left_out;
  if (blocks.empty() || !blocks.back().left_out) return {};
  return *blocks.back().left_out;
}

json::object to_line(const Manifest& manifest) {
  json::object line{{"type", "manifest"}, {"schema", schema}};
  const json::value fields = to_value(manifest);
  for (const auto& [key, value] : fields.get_object()) line.emplace(key, value);
  return line;
}

json::object to_line(const Window& window) {
  return line_of("window", window);
}

json::object to_line(const Profile& profile) {
  return line_of("profile", profile);
}

json::object to_line(const Block& block) {
  return line_of("block", block);
}

json::object to_line(const Verdict& verdict) {
  return line_of("verdict", verdict);
}

json::object to_line(const End& end) {
  return line_of("end", end);
}

Run load(const std::string& file) {
  const std::string text = content_of(file);
  Run run;
  run.file = file;
  Reader reader(run);
  std::size_t number = 1;
  try {
    check_kind(text);
    for (std::size_t begin = 0; begin < text.size(); ++number) {
      const std::size_t end = text.find('\n', begin);
      if (end == std::string::npos) {
        run.truncated = true;
        break;
      }
      reader.read(std::string_view(text).substr(begin, end - begin));
      begin = end + 1;
    }
    if (!reader.has_manifest()) throw std::runtime_error("no complete manifest line");
  } catch (const boost::system::system_error& error) {  // its own words name a place in Boost
    throw BadFile(file + ":" + std::to_string(number) + ": no JSON object on a line of its own (" +
                  error.code().message() + ")");
  } catch (const std::exception& error) {
    throw BadFile(file + ":" + std::to_string(number) + ": " + error.what());
  }
  if (reader.has_open_block()) run.truncated = true;
  return run;
}

void reopen(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) os::throw_errno("open " + file);
  const std::string fresh = file + ".resumed";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  std::string line;
  std::string open_block;
  while (std::getline(stream, line) && !stream.eof()) {  // a last line without its newline sets eof
    const auto type = json::value_to<std::string>(json::parse(line).at("type"));
    line += '\n';
    if (type == "manifest") out << line;
    if (type == "window" || type == "profile") open_block += line;
    if (type == "block") {
      out << open_block << line;
      open_block.clear();
    }
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

void Writer::write(const json::object& line) {
  stream_ << json::serialize(line) + "\n" << std::flush;
  if (!stream_) os::throw_errno("write " + file_);
}

}  // namespace duelio::results
