#include "results/report/assets.h"

#include <cstddef>

// Made by assets.S, see CMakeLists.txt.
extern "C" {
extern const char duelio_asset_page[], duelio_asset_page_end[];
extern const char duelio_asset_run[], duelio_asset_run_end[];
extern const char duelio_asset_css[], duelio_asset_css_end[];
extern const char duelio_asset_script[], duelio_asset_script_end[];
extern const char duelio_asset_vega[], duelio_asset_vega_end[];
extern const char duelio_asset_vega_lite[], duelio_asset_vega_lite_end[];
extern const char duelio_asset_vega_embed[], duelio_asset_vega_embed_end[];
extern const char duelio_asset_theme[], duelio_asset_theme_end[];
extern const char duelio_asset_spec_ratio[], duelio_asset_spec_ratio_end[];
extern const char duelio_asset_spec_latency[], duelio_asset_spec_latency_end[];
extern const char duelio_asset_spec_cpu[], duelio_asset_spec_cpu_end[];
extern const char duelio_asset_spec_rounds[], duelio_asset_spec_rounds_end[];
extern const char duelio_asset_spec_scaling[], duelio_asset_spec_scaling_end[];
extern const char duelio_asset_spec_throughput[], duelio_asset_spec_throughput_end[];
extern const char duelio_asset_spec_counts[], duelio_asset_spec_counts_end[];
extern const char duelio_asset_spec_memory[], duelio_asset_spec_memory_end[];
extern const char duelio_asset_spec_seconds[], duelio_asset_spec_seconds_end[];
}

namespace duelio::results::assets {
namespace {

std::string_view view(const char* begin, const char* end) noexcept {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::string_view page() noexcept {
  return view(duelio_asset_page, duelio_asset_page_end);
}
std::string_view run() noexcept {
  return view(duelio_asset_run, duelio_asset_run_end);
}
std::string_view css() noexcept {
  return view(duelio_asset_css, duelio_asset_css_end);
}
std::string_view script() noexcept {
  return view(duelio_asset_script, duelio_asset_script_end);
}
std::string_view vega() noexcept {
  return view(duelio_asset_vega, duelio_asset_vega_end);
}
std::string_view vega_lite() noexcept {
  return view(duelio_asset_vega_lite, duelio_asset_vega_lite_end);
}
std::string_view vega_embed() noexcept {
  return view(duelio_asset_vega_embed, duelio_asset_vega_embed_end);
}

std::string_view theme() noexcept {
  return view(duelio_asset_theme, duelio_asset_theme_end);
}

std::string_view spec(std::string_view name) noexcept {
  if (name == "ratio") return view(duelio_asset_spec_ratio, duelio_asset_spec_ratio_end);
  if (name == "latency") return view(duelio_asset_spec_latency, duelio_asset_spec_latency_end);
  if (name == "cpu") return view(duelio_asset_spec_cpu, duelio_asset_spec_cpu_end);
  if (name == "rounds") return view(duelio_asset_spec_rounds, duelio_asset_spec_rounds_end);
  if (name == "scaling") return view(duelio_asset_spec_scaling, duelio_asset_spec_scaling_end);
  if (name == "throughput")
    return view(duelio_asset_spec_throughput, duelio_asset_spec_throughput_end);
  if (name == "counts") return view(duelio_asset_spec_counts, duelio_asset_spec_counts_end);
  if (name == "memory") return view(duelio_asset_spec_memory, duelio_asset_spec_memory_end);
  if (name == "seconds") return view(duelio_asset_spec_seconds, duelio_asset_spec_seconds_end);
  return {};
}

}  // namespace duelio::results::assets
