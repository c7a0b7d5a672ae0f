#include "results/report/whole_file.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "common/os/error.h"

namespace duelio::results {

void write_file(const std::string& name, const std::string& content) {
  if (name == "-") {
    std::cout << content;
    return;
  }
  const bool is_whole = !std::filesystem::exists(name) || std::filesystem::is_regular_file(name);
  const std::string target =
      std::filesystem::is_symlink(name) ? std::filesystem::weakly_canonical(name).string() : name;
  const std::string fresh = is_whole ? target + ".part" : name;
  std::ofstream file(fresh, std::ios::binary);
  if (!file) os::throw_errno("open " + name);
  file << content;
  file.close();
  const bool is_written = file.good();
  if (is_written && (!is_whole || std::rename(fresh.c_str(), target.c_str()) == 0)) return;
  const int error = errno;
  if (is_whole) std::remove(fresh.c_str());
  os::throw_errno("write " + name, error);
}

}  // namespace duelio::results
