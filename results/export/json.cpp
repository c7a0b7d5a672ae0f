#include <boost/json.hpp>

#include "results/export/exporter.h"

namespace duelio::results::exporters {

namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

object to_json(const Contrast& contrast) {
  object out{
      {"entry", contrast.entry},   {"base", contrast.base}, {"word", to_string(contrast.word)},
      {"blocks", contrast.blocks}, {"ratio", nullptr},      {"low", nullptr},
      {"high", nullptr},           {"why", contrast.why}};
  if (contrast.ratio) out["ratio"] = *contrast.ratio;
  if (contrast.interval) {
    out["low"] = contrast.interval->low;
    out["high"] = contrast.interval->high;
  }
  return out;
}

template <class List, class Make>
array list(const List& each, Make make) {
  array out;
  for (const auto& one : each) out.push_back(make(one));
  return out;
}

object to_json(const Judgement& judgement) {
  const auto contrast = [](const Contrast& each) { return to_json(each); };
  object control = to_json(judgement.control);
  control["word"] = to_string(judgement.control_state);
  return {{"metric", judgement.metric->id},
          {"unit", judgement.metric->unit},
          {"lower_is_better", judgement.metric->lower_is_better},
          {"load", to_value(judgement.load)},
          {"effect", judgement.effect},
          {"control", control},
          {"levels", list(judgement.levels,
                          [](const Level& level) {
                            return object{{"entry", level.entry},
                                          {"median", level.value},
                                          {"low", level.low},
                                          {"high", level.high}};
                          })},
          {"contrasts", list(judgement.contrasts, contrast)},
          {"pairs", list(judgement.pairs, contrast)}};
}

object to_json(const Conduct& conduct) {
  return {{"entry", conduct.entry},
          {"load", conduct.load},
          {"blocks", conduct.blocks},
          {"blocks_held", conduct.blocks_held},
          {"windows", conduct.windows},
          {"windows_failed", conduct.windows_failed},
          {"windows_void", conduct.windows_void},
          {"failures", conduct.failures},
          {"generator_share", conduct.generator_share},
          {"server_share", conduct.server_share},
          {"client_limited", conduct.client_limited}};
}

value interval(const std::optional<stats::Interval>& ends) {
  return ends ? value{ends->low, ends->high} : value(nullptr);
}

array to_json(const std::vector<Part>& parts) {
  return list(parts, [](const Part& part) {
    return object{{"cause", part.cause},
                  {"entry_ns", part.entry_ns},
                  {"base_ns", part.base_ns},
                  {"difference_ns", part.difference_ns},
                  {"interval_ns", interval(part.interval)},
                  {"told", part.is_told()}};
  });
}

object to_json(const Explanation& explanation) {
  return {{"entry", explanation.entry},
          {"base", explanation.base},
          {"load", explanation.load.id},
          {"difference_ns", explanation.difference_ns},
          {"interval_ns", interval(explanation.interval)},
          {"told", explanation.is_told},
          {"blocks", explanation.blocks},
          {"samples", explanation.samples},
          {"base_samples", explanation.base_samples},
          {"unplaced_share", explanation.unplaced_share},
          {"base_unplaced_share", explanation.base_unplaced_share},
          {"sentence", sentence(explanation)},
          {"by_call", to_json(explanation.by_call)},
          {"by_work", to_json(explanation.by_work)},
          {"by_both", to_json(explanation.by_both)},
          {"by_function", to_json(explanation.by_function)},
          {"with_callees", to_json(explanation.with_callees)}};
}

object to_json(const JudgedRun& run) {
  const auto explanation = [](const Explanation& each) { return to_json(each); };
  return {{"file", run.run.file},
          {"unfinished", run.run.unfinished()},
          {"manifest", to_value(run.run.manifest)},
          {"blocks", run.run.blocks.size()},
          {"warnings", boost::json::value_from(run.warnings)},
          {"sign_changes", list(run.sign_changes,
                                [](const SignChange& change) {
                                  return object{{"entry", change.entry},
                                                {"better_at", change.from},
                                                {"worse_at", change.to}};
                                })},
          {"judgements",
           list(run.judgements, [](const Judgement& judgement) { return to_json(judgement); })},
          {"explanations", list(run.explanations.contrasts, explanation)},
          {"explained_pairs", list(run.explanations.pairs, explanation)},
          {"conduct", list(run.conduct, [](const Conduct& conduct) { return to_json(conduct); })}};
}

std::string write(std::span<const JudgedRun> runs) {
  array all = list(runs, [](const JudgedRun& run) { return to_json(run); });
  return boost::json::serialize(runs.size() == 1 ? all.front() : value(std::move(all))) + "\n";
}

}  // namespace

extern const Exporter json{
    .help = "write what is derived, with its words, as JSON; of several runs an array; - is stdout",
    .write = write};

}  // namespace duelio::results::exporters
