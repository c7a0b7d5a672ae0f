// What the hypervisor took of the machine's CPU time in each block; nothing where it took none.

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "results/report/figure.h"
#include "results/report/rows.h"

namespace duelio::results::figures {
namespace {

constexpr std::array columns{Column{"block", "block", "%.0f"}, Column{"percent", "%", "%.2f"}};

std::vector<Panel> panels(const JudgedRun& run) {
  const auto& blocks = run.run.blocks;
  if (std::none_of(blocks.begin(), blocks.end(),
                   [](const Block& block) { return block.steal_share > 0; }))
    return {};
  boost::json::array rows;
  for (const Block& block : blocks)
    rows.push_back(
        boost::json::object{{"block", block.block}, {"percent", rounded(100 * block.steal_share)}});
  return {{.section = Section::blocks,
           .id = "steal",
           .title = "CPU time that the hypervisor took, %",
           .note = "of the CPUs in use, in each block",
           .rows = std::move(rows)}};
}

}  // namespace

extern const Figure steal{.columns = columns, .of_run = panels};

}  // namespace duelio::results::figures
