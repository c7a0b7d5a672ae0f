#pragma once

#include <cstddef>
#include <string>

namespace duelio::compare {

// How a run is going, on stderr: one line on a terminal, rewritten; a line for each round
// elsewhere.
class Progress {
 public:
  Progress(std::size_t rounds, double estimate_s);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done`: the share of the run that is.
  void slice(int round, const std::string& entry, double elapsed_s, double done) const;
  void round_done(int round, bool valid, double elapsed_s, double done) const;
  void clear() const;

 private:
  double left(double elapsed_s, double done) const;

  std::size_t rounds_;
  double estimate_s_;
  bool rich_;
};

}  // namespace duelio::compare
