#pragma once

#include <string_view>

namespace duelio {

// What was built, and how: printed by --version and recorded in every result.
struct BuildInfo {
  std::string_view version;   // of duelio, "0.1.0"
  std::string_view revision;  // git describe --always --dirty, or "unknown" outside a checkout
  std::string_view preset;    // the CMake preset; only "release" is ever measured
  std::string_view compiler;  // and its version, by its own word
  std::string_view flags;
  std::string_view boost;
};

const BuildInfo& build_info() noexcept;

}  // namespace duelio
