#include "results/verdict.h"

#include <functional>
#include <sstream>

#include <gtest/gtest.h>

#include "results/gate.h"
#include "results/likeness.h"
#include "results/report/across.h"
#include "results/report/decisions.h"
#include "results/report/gbench.h"
#include "results/report/html.h"
#include "results/report/text.h"
#include "results/table.h"
#include "tests/results/synthetic.h"

namespace duelio::results {
namespace {

using test::Plan;
using test::synthetic_run;

MetricVerdict primary(const Run& run) {
  return judge(run, metrics().front(), rule_of(run));
}

TEST(Verdict, WordsFollowTheInterval) {
  const auto word = [](double low, double high) { return word_for({low, high}, 0.02, true); };
  EXPECT_EQ(word(0.90, 0.97), Word::faster);
  EXPECT_EQ(word(1.03, 1.10), Word::slower);
  EXPECT_EQ(word(0.99, 1.01), Word::indistinguishable);
  EXPECT_EQ(word(0.95, 0.99), Word::slightly_faster);
  EXPECT_EQ(word(1.01, 1.05), Word::slightly_slower);
  EXPECT_EQ(word(0.95, 1.05), Word::inconclusive);
  EXPECT_EQ(word_for({1.03, 1.10}, 0.02, false), Word::faster);
}

TEST(Verdict, FindsAKnownDifferenceAndOnlyThat) {
  const results::Run run = synthetic_run(
      {.entries = {{"a", 1}, {"better", 0.92}, {"same", 1}, {"worse", 1.1}}, .rounds = 20});
  const MetricVerdict verdict = primary(run);
  EXPECT_EQ(verdict.control_state, Control::passed);
  ASSERT_EQ(verdict.contrasts.size(), 3U);
  EXPECT_EQ(verdict.contrasts[0].word, Word::faster);
  EXPECT_TRUE(verdict.contrasts[0].interval->contains(0.92));
  EXPECT_EQ(verdict.contrasts[1].word, Word::indistinguishable);
  EXPECT_EQ(verdict.contrasts[2].word, Word::slower);
}

TEST(Verdict, WithholdsAllWhenTheReferenceDiffersFromItself) {
  const MetricVerdict verdict =
      primary(synthetic_run({.entries = {{"a", 1}, {"b", 0.5}}, .control_shift = 1.1}));
  EXPECT_EQ(verdict.control_state, Control::failed);
  EXPECT_EQ(verdict.contrasts[0].word, Word::withheld);
}

TEST(Verdict, WidensTheMinimumEffectToTheNoiseFloor) {
  const MetricVerdict verdict =
      primary(synthetic_run({.entries = {{"a", 1}, {"b", 1.03}}, .noise = 0.08}));
  EXPECT_EQ(verdict.control_state, Control::widened);
  EXPECT_GT(verdict.minimum_effect, 0.02);
  EXPECT_NE(verdict.contrasts[0].word, Word::slower);
}

TEST(Verdict, GivesNoRateWhereTheClientWasTheLimit) {
  const results::Run run =
      synthetic_run({.entries = {{"a", 1}, {"b", 0.5}}, .generator_share = 0.99});
  const Metric* rate = nullptr;
  for (const Metric& metric : metrics()) {
    if (metric.id == "rate") rate = &metric;
  }
  const MetricVerdict verdict = judge(run, *rate, rule_of(run));
  EXPECT_EQ(verdict.control_state, Control::client_limited);
  EXPECT_EQ(verdict.contrasts[0].word, Word::withheld);
  EXPECT_EQ(primary(run).contrasts[0].word, Word::faster);
}

TEST(Verdict, LeavesInvalidAndIncompleteRoundsOut) {
  results::Run run = synthetic_run({.rounds = 3});
  run.slices[1].valid = false;
  run.slices.pop_back();
  const auto rounds = complete_rounds(run);
  ASSERT_EQ(rounds.size(), 1U);
  EXPECT_EQ(rounds.begin()->first, 2);
}

Gate gate(const Plan& before, const Plan& after, const GateRule& rule = {}) {
  std::ostringstream out;
  return hold_against(synthetic_run(before), synthetic_run(after), rule, out);
}

TEST(Gate, FailsOnlyOnAProvenRegression) {
  const Plan before{.rounds = 20, .seed = 1};
  EXPECT_EQ(gate(before, {.rounds = 20, .seed = 2}), Gate::passed);
  EXPECT_EQ(
      gate(before, {.entries = {{"reference", 1}, {"candidate", 1.1}}, .rounds = 20, .seed = 2}),
      Gate::regressed);
  EXPECT_EQ(
      gate(before, {.entries = {{"reference", 1}, {"candidate", 1.03}}, .rounds = 20, .seed = 2}),
      Gate::passed);
  EXPECT_EQ(
      gate(before, {.entries = {{"reference", 1}, {"candidate", 1.03}}, .rounds = 20, .seed = 2},
           {.fail_on = 0.005}),
      Gate::regressed);
}

TEST(Gate, IsNeverGreenWhenNothingMatched) {
  EXPECT_EQ(gate({}, {.entries = {{"x", 1}, {"y", 1}}}), Gate::nothing_matched);
  EXPECT_EQ(gate({.rounds = 1}, {.rounds = 1}), Gate::nothing_matched);
}

TEST(Gate, RefusesRunsThatCannotProveAnything) {
  EXPECT_EQ(gate({.rounds = 20}, {.rounds = 20, .control_shift = 1.2}), Gate::invalid);
  results::Run other = synthetic_run({.rounds = 20, .seed = 2});
  other.manifest["machine"].as_object()["cpu"] = "another";
  std::ostringstream out;
  EXPECT_EQ(hold_against(synthetic_run({.rounds = 20}), other, {}, out), Gate::not_comparable);
  EXPECT_EQ(hold_against(synthetic_run({.rounds = 20}), other, {.allow_unlike = true}, out),
            Gate::passed);
}

TEST(Gate, ComparesAllThatTheLoadAndTheMachineAre) {
  const results::Run before = synthetic_run({.rounds = 20});
  const results::Run same = synthetic_run({.rounds = 20, .seed = 2});
  const auto refusal = [&](const std::function<void(boost::json::object&)>& change) {
    results::Run after = same;
    change(after.manifest);
    std::ostringstream out;
    EXPECT_EQ(hold_against(before, after, {}, out), Gate::not_comparable);
    return out.str();
  };
  const auto in_entry = [&](const char* key, const boost::json::value& value) {
    return refusal([&](boost::json::object& manifest) {
      manifest["entries"].as_array()[1].as_object()[key] = value;
    });
  };
  const auto in_plan = [&](const char* key, const boost::json::value& value) {
    return refusal(
        [&](boost::json::object& manifest) { manifest["plan"].as_object()[key] = value; });
  };
  EXPECT_EQ(in_entry("handler_cpu_ns", 1000),
            "not comparable: entry candidate handler_cpu_ns: not recorded and 1000\n");
  EXPECT_EQ(in_entry("backend", "poll"),
            "not comparable: entry candidate backend: not recorded and poll\n");
  for (const char* const key : {"threads", "idle_connections"}) in_entry(key, 2);
  in_entry("sharing", "shared");
  EXPECT_EQ(in_plan("server_cpus", boost::json::array{2}),
            "not comparable: plan server_cpus: [0] and [2]\n");
  EXPECT_EQ(in_plan("accept_noise", true),
            "not comparable: plan accept_noise: not recorded and true\n");
  for (const char* const key : {"connections", "rate", "open_s", "warmup_s"}) in_plan(key, 7);
  EXPECT_EQ(refusal([](boost::json::object& manifest) {
              manifest["machine"].as_object()["cpus"] = 4;
              manifest["build"].as_object()["flags"] = "-O0";
            }),
            "not comparable: machine cpus: 2 and 4; build flags: not recorded and -O0\n");
}

TEST(Likeness, ASeriesMayVaryTheLoadAndNothingElse) {
  const results::Run first = synthetic_run({.rounds = 2});
  results::Run second = first;
  auto& entry = second.manifest["entries"].as_array()[1].as_object();
  second.manifest["plan"].as_object()["connections"] = 7;
  second.manifest["plan"].as_object()["accept_noise"] = false;  // as when nobody could ask for it
  second.manifest["build"].as_object()["revision"] = "def";
  entry["handler_cpu_ns"] = 1000;
  EXPECT_TRUE(differences(first, second, Figures::ratios).empty());
  EXPECT_EQ(differences(first, second, Figures::values).size(), 2U);
  entry["threads"] = 2;
  EXPECT_EQ(differences(first, second, Figures::ratios),
            std::vector<std::string>{"entry candidate threads: not recorded and 2"});
  second.manifest["reference"] = "candidate";
  EXPECT_EQ(differences(first, second, Figures::ratios).front(),
            "reference: reference and candidate");
}

TEST(Gate, RefusesARunThatWasNotFinished) {
  const results::Run whole = synthetic_run({.rounds = 20});
  results::Run interrupted = synthetic_run({.rounds = 20, .seed = 2});
  interrupted.file = "b.jsonl";
  (*interrupted.end)["finished"] = false;
  (*interrupted.end)["reason"] = "interrupted";
  results::Run killed = synthetic_run({.rounds = 20, .seed = 2});
  killed.file = "b.jsonl";
  killed.end.reset();
  for (const auto& [run, why] :
       {std::pair(&interrupted, "interrupted"), std::pair(&killed, "killed")}) {
    const std::string line =
        "b.jsonl: the run was not finished (" + std::string(why) + "), so it can prove nothing\n";
    std::ostringstream out;
    EXPECT_EQ(hold_against(whole, *run, {}, out), Gate::invalid);
    EXPECT_EQ(hold_against(*run, whole, {}, out), Gate::invalid);
    EXPECT_EQ(out.str(), line + line);
  }
}

TEST(Report, SaysAtWhatLoadItWasMeasured) {
  results::Run run = synthetic_run({});
  auto& plan = run.manifest["plan"].as_object();
  plan["connections"] = 64;
  plan["rate"] = 16000.0;
  for (auto& entry : run.manifest["entries"].as_array()) entry.as_object()["threads"] = 1;
  const std::string load = "hello, 64 connections, 16.0 k/s offered, one worker thread";
  EXPECT_EQ(format_load(run), load);
  std::ostringstream table;
  print_table(table, run, false);
  EXPECT_NE(table.str().find("workload " + load + ";"), std::string::npos);
  EXPECT_NE(to_markdown(Report(run)).find("Load: " + load + ". "), std::string::npos);
  run.manifest["entries"].as_array().front().as_object()["threads"] = 4;
  EXPECT_EQ(format_load(run), "hello, 64 connections, 16.0 k/s offered");
}

TEST(Report, SaysThatARunWasNotFinished) {
  results::Run run = synthetic_run({});
  std::ostringstream table;
  print_table(table, run, false);
  EXPECT_EQ(table.str().find("NOT FINISHED"), std::string::npos);
  EXPECT_EQ(to_markdown(Report(run)).find("not finished"), std::string::npos);
  (*run.end)["finished"] = false;
  (*run.end)["reason"] = "interrupted";
  print_table(table, run, false);
  EXPECT_NE(table.str().find("NOT FINISHED (interrupted)"), std::string::npos);
  EXPECT_NE(to_markdown(Report(run)).find("not finished (interrupted)"), std::string::npos);
  EXPECT_NE(to_html(Report(run)).find("not finished (interrupted)"), std::string::npos);
  // Of several, already where their answers stand together.
  const std::vector<Report> both{Report(synthetic_run({})), Report(run)};
  const std::string page = to_html(both);
  EXPECT_LT(page.find("not finished (interrupted)"), page.find("id=\"run-2-title\""));
}

TEST(Report, IsTheSameForTheSameRunAndFitsAPage) {
  Plan plan{.rounds = 40};
  for (int i = 0; i < 6; ++i) plan.entries.push_back({"more-" + std::to_string(i), 1 + i / 100.0});
  const std::string page = to_html(Report(synthetic_run(plan)));
  EXPECT_EQ(page, to_html(Report(synthetic_run(plan))));
  EXPECT_LT(page.size(), 1'200'000U);
  EXPECT_NE(page.find("A CPU &lt;&amp;&gt;"), std::string::npos);
  EXPECT_EQ(page.find("A CPU <&>"), std::string::npos);
}

TEST(Report, RecommendsNothingWhileBackendsAreUndecided) {
  const auto row = [](const Report& report) {
    const std::string table = decisions(report);
    const std::size_t from = table.find("the least CPU per request");
    return table.substr(from, table.find("</tr>", from) - from);
  };
  const std::string none = "no backend is faster than the reference";
  Report decided(synthetic_run({.entries = {{"a", 1}, {"b", 1.2}, {"c", 1.1}}, .rounds = 20}));
  EXPECT_NE(row(decided).find(none), std::string::npos);
  decided.verdicts.front().contrasts[1].word = Word::inconclusive;
  EXPECT_NE(row(decided).find("<td>-</td><td>inconclusive: c</td>"), std::string::npos)
      << row(decided);

  const Report few(synthetic_run({.entries = {{"a", 1}, {"b", 1.2}}, .rounds = 3}));
  EXPECT_NE(row(few).find("inconclusive: b"), std::string::npos) << row(few);

  // One that is told to be faster is recommended whatever is open of the others.
  Report faster(synthetic_run({.entries = {{"a", 1}, {"b", 0.9}, {"c", 1}}, .rounds = 20}));
  faster.verdicts.front().contrasts[1].word = Word::inconclusive;
  EXPECT_NE(row(faster).find("faster than a"), std::string::npos) << row(faster);
}

TEST(Report, LightsTheLagThatIsTheGenerators) {
  const auto page_with = [](double dispatch_lag_ns) {
    results::Run run = synthetic_run({});
    for (Slice& slice : run.slices) {
      auto& metrics = slice.phases["open"].as_object()["metrics"].as_object();
      metrics["send_lag_p99_ns"] = 90'000;  // for want of a free connection
      metrics["dispatch_lag_p99_ns"] = dispatch_lag_ns;
    }
    return to_html(Report(run));
  };
  const std::string light = "dispatch lag p99, median slice</b> <span class=";
  EXPECT_NE(page_with(1000).find(light + "\"good\">1.00 us"), std::string::npos);
  EXPECT_NE(page_with(9000).find(light + "\"warn\">9.00 us"), std::string::npos);
}

TEST(Report, QuotesNamesInCsv) {
  const std::string name = "a,\"b\"";
  const Report report(synthetic_run({.entries = {{name, 1}, {"c", 1}}, .rounds = 1}));
  EXPECT_NE(to_csv({&report, 1}).find("\n1,1,1,\"a,\"\"b\"\"\",reference,true,"),
            std::string::npos);
}

TEST(Report, SplicesBetweenTheMarks) {
  const std::string document = "a\n<!-- duelio:begin -->\nold\n<!-- duelio:end -->\nb\n";
  const std::string spliced = splice(document, "new\n");
  EXPECT_EQ(spliced.find("old"), std::string::npos);
  EXPECT_NE(spliced.find("new"), std::string::npos);
  EXPECT_EQ(splice(spliced, "new\n"), spliced);
  EXPECT_THROW(splice("no marks", "new"), std::invalid_argument);
}

TEST(Verdict, RatesAndLatenciesLeaveOutWhatWasStolen) {
  results::Run run = synthetic_run({.rounds = 12});
  for (Slice& slice : run.slices) {
    if (slice.round <= 2 && slice.role == "candidate") slice.wall_clock_causes = {"open: steal"};
  }
  const Rule rule = rule_of(run);
  for (const Metric& metric : metrics()) {
    const MetricVerdict verdict = judge(run, metric, rule);
    if (!verdict.reference_median) continue;
    const bool affected = metric.phase == "open" && metric.id != "cpu";
    EXPECT_EQ(verdict.contrasts.front().rounds, affected ? 10U : 12U) << metric.id;
  }
}

TEST(Report, FiguresByTheWallClockLeaveOutWhatWasStolen) {
  const auto run_at = [](double rate) {
    results::Run run = synthetic_run({.rounds = 12});
    run.manifest["plan"].as_object()["rate"] = rate;
    run.manifest["plan"].as_object()["rate_source"] = "--rate";
    for (Slice& slice : run.slices) {
      // A stolen slice is told by its figures: a hundred times slower.
      const bool stolen = slice.round <= 7;
      if (stolen) slice.wall_clock_causes = {"open: steal"};
      auto& open = slice.phases["open"].as_object();
      open["metrics"].as_object()["rate"] = rate;
      open["metrics"].as_object()["p50_ns"] = stolen ? 3'000'000 : 30'000;
      open["metrics"].as_object()["p99_ns"] = stolen ? 6'000'000 : 60'000;
      open["series"] = {
          {{"t_s", 1.0}, {"completed", rate}, {"p99_ns", stolen ? 6'000'000 : 60'000}},
          {{"t_s", 2.0}, {"completed", rate}, {"p99_ns", stolen ? 6'000'000 : 60'000}}};
    }
    return run;
  };
  const std::vector<Report> reports{Report(run_at(20'000)), Report(run_at(40'000))};
  const auto seconds = second_rows(reports[0]);
  EXPECT_EQ(seconds.size(), 2U * 2U * 5U);  // entries, seconds, rounds
  const auto series = series_of(reports);
  ASSERT_TRUE(series);
  const auto points = throughput_rows(*series);
  EXPECT_EQ(points.size(), 2U * 2U);
  for (const auto& point : points) EXPECT_EQ(point.at("us"), 60.0);
  const auto gbench = boost::json::parse(to_gbench_json(reports[0]));
  std::map<std::string, int> times;
  for (const auto& each : gbench.at("benchmarks").as_array())
    ++times[boost::json::value_to<std::string>(each.at("name"))];
  EXPECT_EQ(times["candidate/open"], 5);
  EXPECT_EQ(times["candidate/closed"], 12);
}

TEST(Gate, HoldsTheEntriesOfOneRunAgainstItsReference) {
  const auto held = [](double ratio, int rounds = 20, double shift = 1) {
    std::ostringstream out;
    return hold_within(
        synthetic_run(
            {.entries = {{"old", 1}, {"new", ratio}}, .rounds = rounds, .control_shift = shift}),
        {}, out);
  };
  EXPECT_EQ(held(1), Gate::passed);
  EXPECT_EQ(held(1.03), Gate::passed);
  EXPECT_EQ(held(1.1), Gate::regressed);
  EXPECT_EQ(held(1.1, 2), Gate::nothing_matched);
  EXPECT_EQ(held(1.1, 20, 1.5), Gate::invalid);
}

TEST(Verdict, WarnsOfAnEntryThatWasStillWarmingUp) {
  auto run = test::synthetic_run({});
  EXPECT_TRUE(warmup_warnings(run).empty());  // nobody looked
  for (Slice& slice : run.slices) {
    slice.phases["open"].as_object()["metrics"].as_object()["second_half_to_first"] =
        slice.entry == "candidate" ? 0.9 : 1.02;
  }
  const std::vector<std::string> warnings = warmup_warnings(run);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(warnings[0].starts_with("candidate used 10 % less CPU")) << warnings[0];
}

}  // namespace
}  // namespace duelio::results
