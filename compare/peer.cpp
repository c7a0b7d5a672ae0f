#include "compare/peer.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <boost/json.hpp>
#include <unistd.h>

#include "compare/process.h"

namespace duelio::compare {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument(what);
}

const std::string& text_of(const json::value& value, const std::string& where, std::string& out) {
  if (!value.is_string()) refuse(where + " is not a text");
  out = value.get_string();
  if (out.find('\0') != std::string::npos) refuse(where + " holds a byte 0");
  return out;
}

std::vector<std::string> words_of(const json::value& value, const std::string& where) {
  if (!value.is_array() || value.get_array().empty())
    refuse(where + " is not a list of words with one at least");
  std::vector<std::string> words;
  for (const json::value& each : value.get_array()) text_of(each, where, words.emplace_back());
  if (words.front().empty()) refuse(where + " has no executable");
  return words;
}

// By execvp(3)'s rule. What stands among the peer's own files is there when it is started.
void require_executable(const std::string& word, const std::string& where) {
  if (word.find("{dir}") != std::string::npos) return;
  const std::string name = filled(word, {.bin = executables_folder()});
  const auto is_one = [](const fs::path& file) {
    return fs::is_regular_file(file) && ::access(file.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) {
    if (!is_one(name)) refuse(where + " starts " + name + ", which is no executable here");
    return;
  }
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/bin:/usr/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (is_one(fs::path(folder.empty() ? "." : folder) / name)) return;
  }
  refuse(where + " starts " + name + ", which is in no folder of PATH");
}

// A name of a file in {dir}, not of one elsewhere.
void require_plain_name(const std::string& name) {
  const fs::path path(name);
  const bool leaves = std::any_of(path.begin(), path.end(),
                                  [](const fs::path& part) { return part == ".." || part == "."; });
  if (name.empty() || path.is_absolute() || leaves || !path.has_filename())
    refuse("files has '" + name + "', which is no name of a file in {dir}");
}

}  // namespace

std::string filled(std::string text, const Places& places) {
  for (const auto& [from, to] :
       {std::pair<std::string_view, const std::string&>("{host}", places.host),
        {"{port}", places.port},
        {"{dir}", places.dir},
        {"{bin}", places.bin}}) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  }
  return text;
}

json::object peer_file_content(const std::string& file) {
  if (fs::is_directory(file)) refuse("is a directory");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) refuse("cannot be read: " + std::generic_category().message(errno));
  std::ostringstream text;
  text << stream.rdbuf();
  boost::system::error_code error;
  json::value content = json::parse(text.str(), error);
  if (error) refuse("is not JSON (" + error.message() + ")");
  if (!content.is_object()) refuse("is not a JSON object");
  return std::move(content.get_object());
}

Peer Peer::read(const std::string& file) {
  Peer peer;
  bool has_port = false;
  const auto look = [&](const std::string& text) {
    has_port |= text.find("{port}") != std::string::npos;
  };
  for (const auto& [name, value] : peer_file_content(file)) {
    if (name == "argv") {
      peer.argv = words_of(value, "argv");
    } else if (name == "version") {
      peer.version = words_of(value, "version");
    } else if (name == "ready") {
      if (!text_of(value, "ready", peer.ready).starts_with('/'))
        refuse("ready is '" + peer.ready + "', no target such as /");
    } else if (name == "files") {
      if (!value.is_object()) refuse("files is not an object");
      for (const auto& [name_of_file, text] : value.get_object()) {
        auto& [own_name, content] = peer.files.emplace_back(std::string(name_of_file), "");
        require_plain_name(own_name);
        look(text_of(text, "files: " + own_name, content));
      }
    } else if (name != "about") {
      refuse("has an unknown key '" + std::string(name) + "' (about, argv, files, ready, version)");
    }
  }
  if (peer.argv.empty()) refuse("has no argv");
  for (const std::string& word : peer.argv) look(word);
  if (!has_port) refuse("names {port} nowhere, so the server would not know it");
  require_executable(peer.argv.front(), "argv");
  if (!peer.version.empty()) require_executable(peer.version.front(), "version");
  return peer;
}

std::string version_of(const Peer& peer) {
  std::vector<std::string> command;
  command.reserve(peer.version.size());
  for (const std::string& word : peer.version)
    command.push_back(filled(word, {.bin = executables_folder()}));
  Process process(command, {.with_stderr = true});
  std::optional<std::string> line;
  do {
    line = process.read_line(std::chrono::seconds(10));
  } while (line && line->empty());
  if (!line) refuse("version: '" + command.front() + "' says nothing");
  return *line;
}

}  // namespace duelio::compare
