#pragma once

#include <string_view>

// Files that are built into the executable.
namespace duelio::results::assets {

std::string_view page() noexcept;    // report/page.html
std::string_view css() noexcept;     // report/page.css
std::string_view script() noexcept;  // report/page.js
std::string_view vega() noexcept;    // this and the next two are empty when built without npm's
std::string_view vega_lite() noexcept;
std::string_view vega_embed() noexcept;
std::string_view theme() noexcept;  // plots/theme.json

}  // namespace duelio::results::assets
