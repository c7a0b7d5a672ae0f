#include "results/likeness.h"

#include <array>
#include <string_view>

namespace duelio::results {
namespace {

namespace json = boost::json;

struct Key {
  std::string_view part;  // of the manifest
  std::string_view name;
  bool is_load = false;  // may differ between ratios
};

// What must be the same for a difference to be the code's.
constexpr std::array keys{
    Key{"machine", "cpu"},
    Key{"machine", "cpus"},
    Key{"machine", "kernel"},
    Key{"machine", "hypervisor"},
    Key{"machine", "clocksource"},
    Key{"machine", "governor"},
    Key{"machine", "mitigations"},
    Key{"build", "preset"},
    Key{"build", "flags"},
    Key{"build", "compiler"},
    Key{"build", "boost"},
    Key{"workload", "name"},
    Key{"workload", "target"},
    Key{"workload", "pipeline"},
    Key{"workload", "requests_per_connection"},
    Key{"workload", "method"},
    Key{"workload", "body_bytes"},
    Key{"workload", "idle_connections"},
    Key{"plan", "server_cpus"},
    Key{"plan", "client_cpus"},
    Key{"plan", "generator_polls"},
    Key{"plan", "accept_noise"},
    Key{"plan", "only_primary"},
    Key{"plan", "connections", true},
    Key{"plan", "rate", true},
    Key{"plan", "warmup_s", true},
    Key{"plan", "open_s", true},
};

constexpr std::array entry_keys{
    Key{"entry", "kind"},    Key{"entry", "backend"},          Key{"entry", "sharing"},
    Key{"entry", "threads"}, Key{"entry", "idle_connections"}, Key{"entry", "handler_cpu_ns", true},
};

json::value field(const json::value& object, std::string_view key) {
  const json::value* const value =
      object.is_object() ? object.get_object().if_contains(key) : nullptr;
  return value == nullptr ? nullptr : *value;
}

// An earlier version did not record what it could not do.
bool is_nothing(const json::value& value) {
  return value.is_null() || value == json::value(false) || value == json::value(0);
}

std::string text(const json::value& value) {
  if (value.is_null()) return "not recorded";
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

class Comparison {
 public:
  void compare(const std::string& what, const json::value& first, const json::value& second) {
    if (first == second || (is_nothing(first) && is_nothing(second))) return;
    found_.push_back(what + ": " + text(first) + " and " + text(second));
  }

  // Of the entries that both runs have: which those are, is for the caller to say.
  void compare_entries(const Run& first, const Run& second, Figures figures) {
    for (const json::value& one : first.manifest.at("entries").as_array()) {
      for (const json::value& other : second.manifest.at("entries").as_array()) {
        if (one.at("name") != other.at("name")) continue;
        for (const Key& key : entry_keys) {
          if (key.is_load && figures == Figures::ratios) continue;
          compare("entry " + text(one.at("name")) + " " + std::string(key.name),
                  field(one, key.name), field(other, key.name));
        }
      }
    }
  }

  std::vector<std::string> found() && { return std::move(found_); }

 private:
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> differences(const Run& first, const Run& second, Figures figures) {
  Comparison comparison;
  for (const Key& key : keys) {
    if (key.is_load && figures == Figures::ratios) continue;
    comparison.compare(std::string(key.part) + " " + std::string(key.name),
                       field(field(first.manifest, key.part), key.name),
                       field(field(second.manifest, key.part), key.name));
  }
  if (figures == Figures::ratios)
    comparison.compare("reference", first.manifest.at("reference"),
                       second.manifest.at("reference"));
  comparison.compare_entries(first, second, figures);
  return std::move(comparison).found();
}

}  // namespace duelio::results
