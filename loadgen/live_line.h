#pragma once

#include <string>

#include "loadgen/run.h"

namespace duelio::loadgen {

// "12.3 k/s  p99 1.20 ms  0 errors  7 s left"
std::string live_text(const Progress& progress);

// One line on stderr that is written over and over, and gone when the object is. Only for terminals
// that want it: elsewhere progress() is empty and nothing is written.
class LiveLine {
 public:
  LiveLine();
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;
  ~LiveLine();

  OnProgress progress() const;

 private:
  bool wanted_;
};

}  // namespace duelio::loadgen
