#include "results/table.h"

#include <sstream>

#include <gtest/gtest.h>

#include "tests/results/synthetic.h"

namespace duelio::results {
namespace {

std::string table(const Run& run) {
  std::ostringstream out;
  print_table(out, JudgedRun(run), false);
  return out.str();
}

void expect_line(const std::string& text, const std::string& line) {
  EXPECT_NE(text.find(line + "\n"), std::string::npos) << line << "\n--- is not in:\n" << text;
}

TEST(Table, BeginsWithTheAnswers) {
  const results::Run run = test::synthetic_run({.entries = {{"a", 1}, {"b", 0.8, 1.2}}});
  const std::string text = table(run);
  EXPECT_TRUE(text.starts_with("b has 19.8 % less CPU per request than a at 10% [")) << text;
  EXPECT_LT(text.find("at max ["), text.find("server CPU per request (primary), ratio to a\n"));
  expect_line(text,
              "hello, 64 connections, one worker thread; 12 of 12 blocks; smallest difference "
              "that matters 2.0 %, confidence 95.0 % for each metric over all its comparisons "
              "with the reference");
  expect_line(text, "  10% (4.50 k/s)");
  expect_line(text, "b is slower than a at max and faster at 50%");
  EXPECT_NE(text.find("throughput (exploratory), ratio to a\n"), std::string::npos);
  EXPECT_NE(text.find("generator busy  a 50.0 %, b 50.0 %\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("NOT FINISHED"), std::string::npos);
}

TEST(Table, NamesTheThreadsAndTheCpusThatTheyLack) {
  results::Run run = test::synthetic_run({.entries = {{"a", 1}, {"b", 1}}});
  for (EntrySpec& entry : run.manifest.entries) entry.threads = 3;
  run.manifest.plan.client_cpus = {2, 3};
  run.manifest.plan.generator_threads = 2;
  run.manifest.machine.quota_cpus = 1.5;
  const std::string text = table(run);
  EXPECT_NE(text.find("hello, 64 connections, 3 worker threads, 2 generator threads; "),
            std::string::npos)
      << text;
  expect_line(text,
              "warning: 3 threads of a server had 1 CPU and took turns there: nothing is said of "
              "how it scales");
  expect_line(text,
              "warning: a cgroup let it use the time of 1.50 CPUs, and it used 3: the kernel "
              "stopped it again and again");
  run.manifest.plan.server_cpus = {0, 1, 4};
  run.manifest.machine.quota_cpus = 5;
  EXPECT_EQ(table(run).find("warning"), std::string::npos) << table(run);
}

TEST(Table, TellsWhatHappenedByNameAndCause) {
  results::Run run = test::synthetic_run({.entries = {{"a", 1}, {"b", 1}}});
  test::change_windows(
      run, [](const Window& w) { return w.entry == "b" && w.load == "50%"; },
      [](Window& window) { window.finished /= 2; });
  test::change_windows(
      run, [](const Window& w) { return w.role == Role::control && w.turn == 1; },
      [](Window& window) { window.void_cause = "the generator was late"; });
  run.end = End{.finished = false, .reason = "interrupted", .left_out = {{"c", "EMFILE"}}};
  run.manifest.build.preset = "dev";
  const std::string text = table(run);
  expect_line(text, "b did not hold 22.5 k/s in 12 of 12 blocks");
  expect_line(text, "c was left out: EMFILE");
  expect_line(text, "a (control): 12 of 360 windows void, the generator was late");
  expect_line(text, "warning: built as 'dev': only the release preset is ever measured");
  expect_line(text, "NOT FINISHED (interrupted): what it had measured is shown");
}

TEST(Table, NamesForeignServersAsSuch) {
  results::Run run = test::synthetic_run({.entries = {{"a", 1}, {"nginx", 1}, {"floor-et", 1}}});
  run.manifest.entries[1].kind = run.manifest.entries[2].kind = "peer";
  const JudgedRun judged(run);
  EXPECT_EQ(judged.label("a") + ", " + judged.label("nginx") + ", " + judged.label("floor-et"),
            "a, nginx (peer), floor-et (floor)");
  EXPECT_NE(table(run).find("  nginx (peer) "), std::string::npos);
}

}  // namespace
}  // namespace duelio::results
