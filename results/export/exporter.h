#pragma once

#include <span>
#include <string>
#include <string_view>

#include "results/judged_run.h"

// What a run is written as for other programs. A format is one file, NAME.cpp, and one line in
// results/report/CMakeLists.txt, which makes it a flag of duelio-report.
namespace duelio::results {

struct Exporter {
  std::string_view help;  // of its flag
  std::string (*write)(std::span<const JudgedRun> runs);
  bool takes_several = true;  // results files
};

struct RegisteredExporter {
  std::string_view flag;  // without its dashes
  const Exporter* exporter;
};

std::span<const RegisteredExporter> registered_exporters() noexcept;

}  // namespace duelio::results
