#pragma once

#include <functional>
#include <ostream>
#include <string>

namespace duelio::loadgen {

// A file that a result is written to: whole, or not at all. It is written beside its place, under
// another name, and renamed when it is on the disk. What is not a regular file (a pipe, /dev/null)
// is written to as it is; "-" is stdout, and an empty name is no file.
class ResultFile {
 public:
  // Throws std::system_error that names `flag` and the file when it could not be written: before
  // the load, so that nothing measured is lost to a bad name.
  ResultFile(std::string flag, std::string name);

  // Throws std::system_error.
  void write(const std::function<void(std::ostream&)>& put) const;

  bool is_stdout() const noexcept { return name_ == "-"; }
  // Where it will be, with symbolic links followed; empty for what is no regular file.
  const std::string& place() const noexcept { return place_; }

 private:
  [[noreturn]] void fail(int error) const;
  int create() const;

  std::string flag_;
  std::string name_;
  std::string place_;
};

}  // namespace duelio::loadgen
