#include "results/report/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "common/units.h"

namespace duelio::results {
namespace {

std::string text(const char* format, double value) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), format, value);
  return out.data();
}

bool is_share(const Load& load) {
  return load.id.ends_with('%');
}

std::string share(const Load& load) {
  return load.id.substr(0, load.id.size() - 1) + " %";
}

// "[4.8, 7.5]": by how many per cent, in the direction of the ratio.
std::string percents(const Contrast& contrast, double sign) {
  if (!contrast.interval) return {};
  double low = 100 * sign * (contrast.interval->low - 1);
  double high = 100 * sign * (contrast.interval->high - 1);
  if (low > high) std::swap(low, high);
  return " [" + text("%.1f", low) + ", " + text("%.1f", high) + "]";
}

std::string because(const Contrast& contrast) {
  return contrast.why.empty() ? "" : " (" + contrast.why + ")";
}

// `what` is the metric's phrase, "less CPU per request", or only its direction, "less".
std::string clause(const Judgement& judgement, const Contrast& contrast, bool is_first,
                   const std::string& reference) {
  const std::string at = load_phrase(judgement.load);
  if (contrast.word == Word::withheld)
    return std::string(is_first ? "has " : "") + "no verdict " + at + because(contrast);
  if (contrast.word == Word::inconclusive || !contrast.ratio)
    return (is_first ? "is not told from " + reference + " " : "not told ") + at +
           because(contrast);
  if (contrast.word == Word::indistinguishable)
    return (is_first ? "is like " + reference + " " : "like it ") + at + percents(contrast, 1);
  const bool is_less = *contrast.ratio < 1;
  const std::string_view phrase = is_less ? judgement.metric->less : judgement.metric->more;
  const double sign = is_less ? -1 : 1;
  std::string out = is_first ? "has " : "";
  out += text("%.1f %% ", 100 * sign * (*contrast.ratio - 1));
  out += is_first ? std::string(phrase) + " than " + reference
                  : std::string(phrase.substr(0, phrase.find(' ')));
  return out + " " + at + percents(contrast, sign);
}

std::string phrase_of(const JudgedRun& run, const std::string& load) {
  for (const Load& each : run.run.manifest.plan.loads) {
    if (each.id == load) return load_phrase(each);
  }
  return "at " + load;
}

// In ascending order of the loads, whichever side is the better one.
std::string turn(const JudgedRun& run, const SignChange& change) {
  const Metric& metric = metrics().front();
  for (const Load& load : run.run.manifest.plan.loads) {
    if (load.id != change.from && load.id != change.to) continue;
    const bool is_less_first = (load.id == change.from) == metric.lower_is_better;
    const std::string_view then = is_less_first ? metric.more : metric.less;
    return run.label(change.entry) + " has " +
           std::string(is_less_first ? metric.less : metric.more) + " than " +
           run.label(run.run.manifest.reference) + " " + load_phrase(load) + " and " +
           std::string(then.substr(0, then.find(' '))) + " " +
           phrase_of(run, load.id == change.from ? change.to : change.from);
  }
  return sentence(change, run.run.manifest.reference);
}

std::string answer(const JudgedRun& run, const std::string& entry) {
  std::string out;
  for (const Judgement* judgement : run.judgements_of(metrics().front().id)) {
    const Contrast* const contrast = judgement->contrast(entry);
    if (contrast == nullptr) continue;
    out += (out.empty() ? run.label(entry) + " " : "; ") +
           clause(*judgement, *contrast, out.empty(), run.label(run.run.manifest.reference));
  }
  return out;
}

}  // namespace

std::string load_label(const Load& load) {
  if (!load.is_open()) return "closed loop";
  const std::string rate = format_count(*load.rate) + "/s";
  return is_share(load) ? share(load) + " (" + rate + ")" : rate;
}

std::string load_tick(const Load& load) {
  if (!load.is_open()) return "closed\nloop";
  const std::string rate = format_count(*load.rate) + "/s";
  return is_share(load) ? share(load) + "\n" + rate : rate;
}

std::string load_phrase(const Load& load) {
  if (!load.is_open()) return "in the closed loop";
  return "at " + (is_share(load) ? share(load) : format_count(*load.rate) + "/s");
}

std::string load_slug(const Load& load) {
  return is_share(load) ? load.id.substr(0, load.id.size() - 1) + "-percent" : load.id;
}

std::string with_micro(std::string text) {
  for (std::size_t at = text.find(" us"); at != std::string::npos; at = text.find(" us", at + 3)) {
    const char behind = at + 3 < text.size() ? text[at + 3] : ' ';
    if (std::isalnum(static_cast<unsigned char>(behind)) == 0) text.replace(at + 1, 1, "µ");
  }
  return text;
}

std::string entry_names(const JudgedRun& run) {
  std::string names;
  for (const EntrySpec& entry : run.run.manifest.entries)
    names += (names.empty() ? "" : ", ") + run.label(entry.name);
  return names;
}

std::string command_line(const Manifest& manifest) {
  std::string line;
  for (const std::string& word : manifest.command) line += (line.empty() ? "" : " ") + word;
  return line;
}

std::vector<std::string> turns(const JudgedRun& run) {
  std::vector<std::string> all;
  all.reserve(run.sign_changes.size());
  for (const SignChange& change : run.sign_changes)
    all.push_back("The sign changes: " + turn(run, change));
  return all;
}

std::vector<std::string> answers(const JudgedRun& run) {
  std::vector<std::string> all;
  for (const EntrySpec& entry : run.run.manifest.entries) {
    if (std::string one = answer(run, entry.name); !one.empty()) all.push_back(std::move(one));
  }
  if (all.empty())
    all.push_back(run.run.blocks.empty() ? "No whole block was measured: nothing can be said"
                                         : "Nothing was measured beside the reference");
  return all;
}

std::vector<std::string> shortcomings(const JudgedRun& run) {
  std::vector<std::string> all;
  if (const std::string why = run.run.unfinished(); !why.empty())
    all.push_back("The run was not finished (" + why + "); what it had measured is shown");
  for (const LeftOut& left_out : run.run.left_out()) all.push_back(sentence(left_out));
  return all;
}

std::vector<std::string> conduct_sentences(const JudgedRun& run) {
  std::vector<std::string> all;
  for (const Conduct& conduct : run.conduct) {
    for (const Load& load : run.run.manifest.plan.loads) {
      if (load.id != conduct.load) continue;
      if (std::string one = sentence(conduct, load); !one.empty()) all.push_back(std::move(one));
    }
  }
  return all;
}

std::string signed_percent(double ratio) {
  const double percent = 100 * (ratio - 1);
  if (std::abs(percent) < 0.05) return "0.0 %";
  return (percent < 0 ? "−" : "+") + text("%.1f %%", std::abs(percent));
}

std::vector<std::string> names_of(std::span<const JudgedRun> runs) {
  const auto name = [](const JudgedRun& run) {
    return std::filesystem::path(run.run.file).filename().string();
  };
  std::vector<std::string> names;
  for (const JudgedRun& run : runs) {
    const bool is_only = std::count_if(runs.begin(), runs.end(), [&](const JudgedRun& other) {
                           return name(other) == name(run);
                         }) == 1;
    names.push_back(is_only ? name(run) : run.run.file);
  }
  return names;
}

}  // namespace duelio::results
