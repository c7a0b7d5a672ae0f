#include "results/report/assets.h"

// Made by assets.S, see CMakeLists.txt.
extern "C" {
extern const char duelio_asset_page[], duelio_asset_page_end[];
extern const char duelio_asset_css[], duelio_asset_css_end[];
extern const char duelio_asset_script[], duelio_asset_script_end[];
extern const char duelio_asset_vega[], duelio_asset_vega_end[];
extern const char duelio_asset_vega_lite[], duelio_asset_vega_lite_end[];
extern const char duelio_asset_vega_embed[], duelio_asset_vega_embed_end[];
extern const char duelio_asset_theme[], duelio_asset_theme_end[];
}

namespace duelio::results::assets {

std::string_view page() noexcept {
  return {duelio_asset_page, duelio_asset_page_end};
}
std::string_view css() noexcept {
  return {duelio_asset_css, duelio_asset_css_end};
}
std::string_view script() noexcept {
  return {duelio_asset_script, duelio_asset_script_end};
}
std::string_view vega() noexcept {
  return {duelio_asset_vega, duelio_asset_vega_end};
}
std::string_view vega_lite() noexcept {
  return {duelio_asset_vega_lite, duelio_asset_vega_lite_end};
}
std::string_view vega_embed() noexcept {
  return {duelio_asset_vega_embed, duelio_asset_vega_embed_end};
}
std::string_view theme() noexcept {
  return {duelio_asset_theme, duelio_asset_theme_end};
}

}  // namespace duelio::results::assets
