#include "compare/presets.h"

#include <chrono>
#include <stdexcept>

#include "common/thresholds.h"
#include "common/units.h"
#include "compare/flag_values.h"
#include "compare/loads.h"

namespace duelio::compare {

namespace po = boost::program_options;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

struct Preset {
  std::string_view name;
  std::size_t blocks;
  milliseconds block_length;  // of the windows in it
  milliseconds window;
  std::string_view loads;
};

// METHODOLOGY.md, "Presets": what each can tell was simulated, and measured.
const std::vector<Preset>& presets() {
  static const std::vector<Preset> all{
      {"quick", 20, milliseconds(6'200), milliseconds(6), "10%,50%,max"},
      {"standard", 50, milliseconds(8'000), milliseconds(6), "10%,30%,60%,max"},
      {"thorough", 40, milliseconds(60'000), milliseconds(6), "10%,30%,60%,max"},
  };
  return all;
}

// Beyond them lanes no longer share the same moments of the machine.
constexpr std::chrono::seconds longest_window{10};
constexpr std::chrono::hours longest_block{1};

// Long enough for caches and rate to come into swing: METHODOLOGY.md, "Lead-in".
constexpr milliseconds lead_in{4};

const Preset& preset_by_name(std::string_view name) {
  std::string names;
  for (const Preset& one : presets()) {
    if (one.name == name) return one;
    names += (names.empty() ? "" : ", ") + std::string(one.name);
  }
  throw std::invalid_argument("is unknown (one of " + names + ")");
}

// Nothing is smaller than no difference, and none is larger than all.
double parse_effect(std::string_view word) {
  const double effect = parse_fraction(word);
  if (effect <= 0 || effect >= 1)
    throw std::invalid_argument("is not a difference between 0% and 100%");
  return effect;
}

}  // namespace

void choose_plan(const po::variables_map& values, Options& options) {
  const Preset& preset = cli::value(values, "preset", preset_by_name);
  const auto time = [&](const char* flag, nanoseconds fallback, nanoseconds least,
                        nanoseconds most) {
    if (!values.contains(flag)) return fallback;
    return cli::value(values, flag, [&](std::string_view word) {
      const nanoseconds value = parse_duration(word);
      const auto words = [](nanoseconds limit) {
        return format_duration(std::chrono::duration<double>(limit).count());
      };
      if (value < least) throw std::invalid_argument("is shorter than " + words(least));
      if (value > most) throw std::invalid_argument("is longer than " + words(most));
      return value;
    });
  };
  const auto in_s = [](nanoseconds value) { return std::chrono::duration<double>(value).count(); };
  options.preset = preset.name;
  options.plan.blocks = values.contains("blocks") ? cli::value(values, "blocks", between(1, 10'000))
                                                  : static_cast<unsigned>(preset.blocks);
  options.block_length = time("block", preset.block_length, milliseconds(1), longest_block);
  options.plan.window_s = in_s(time("window", preset.window, milliseconds(1), longest_window));
  options.plan.lead_in_s = in_s(time("lead-in", lead_in, nanoseconds(0), longest_window));
  options.plan.alpha = thresholds::alpha;
  options.plan.minimum_effect = values.contains("minimum-effect")
                                    ? cli::value(values, "minimum-effect", parse_effect)
                                    : thresholds::minimum_effect;
  options.plan.isolated = values.contains("isolated");
  options.plan.accept_noise = values.contains("accept-noise");
  options.loads =
      values.contains("load") ? cli::value(values, "load", parse_loads) : parse_loads(preset.loads);
}

}  // namespace duelio::compare
