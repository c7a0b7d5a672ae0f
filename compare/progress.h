#pragma once

#include <cstddef>
#include <string>

namespace duelio::compare {

// How a run is going, on stderr: one line on a terminal, rewritten; a line for each block
// elsewhere.
class Progress {
 public:
  Progress(std::size_t blocks, double estimate_s);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void say(const std::string& what) const;  // before the first block
  // `within`: the share of the block that is done.
  void window(std::size_t block, double elapsed_s, double within);
  void block_done(std::size_t block, double elapsed_s) const;
  void clear() const;

 private:
  std::string left(double elapsed_s, double done) const;

  std::size_t blocks_;
  double estimate_s_;
  bool rich_;
  double shown_s_ = 0;
};

}  // namespace duelio::compare
