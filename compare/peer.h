#pragma once

#include <string>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

namespace duelio::compare {

// A foreign server, as its peer file says: FORMAT.md, "A peer file".
struct Peer {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> files;  // name and content
  std::string ready = "/";                                 // the target that answers when it is
  std::vector<std::string> version;                        // a command that tells it; may be empty

  // Throws std::invalid_argument that says what is wrong with it: everything that can be known
  // before it is started, its executables, too.
  static Peer read(const std::string& file);
};

// What stands in the file, for the record.
boost::json::object peer_file_content(const std::string& file);

// What the peer's own command says of its version, its first line. Throws std::invalid_argument
// when it says nothing.
std::string version_of(const Peer& peer);

// {host}, {port}, {dir} and {bin} replaced.
struct Places {
  std::string host;
  std::string port;
  std::string dir;
  std::string bin;
};
std::string filled(std::string text, const Places& places);

}  // namespace duelio::compare
