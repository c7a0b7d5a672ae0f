#include "results/flame.h"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>

#include "results/judged_run.h"
#include "results/table.h"
#include "tests/results/synthetic.h"

namespace duelio::results {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> functions{"server`main", "server`parse", "kernel`do_syscall_64",
                                         "kernel`__x64_sys_getppid"};

// Three entries that spend the same in main, of which the second makes a call of its own.
results::Run run_of(std::vector<std::vector<std::uint32_t>> stacks,
                    const std::vector<std::vector<std::uint32_t>>& stacks_of_b) {
  results::Run run = test::synthetic_run(
      {.entries = {{"a"}, {"b", 1.25}, {"c"}}, .loads = {{"max", std::nullopt}}, .blocks = 8});
  for (const Block& block : run.blocks) {
    stacks.front().front() = 100 + static_cast<std::uint32_t>(block.block % 3);
    const auto add = [&](const char* entry, Role role, const auto& all) {
      run.profiles.push_back({block.block, "max", entry, role, functions, all});
    };
    add("a", Role::reference, stacks);
    add("a", Role::control, stacks);
    add("b", Role::candidate, stacks_of_b);
    add("c", Role::candidate, stacks);
  }
  return run;
}

results::Run run_with_getppid() {
  return run_of({{100, 0}, {100, 0, 1}}, {{100, 0}, {100, 0, 1}, {50, 0, 1, 2, 3}});
}

const Frame& frame(const std::vector<Frame>& frames, const std::string& function) {
  return *std::find_if(frames.begin(), frames.end(),
                       [&](const Frame& each) { return each.part.cause == function; });
}

TEST(FlameGraph, HasWhatOnlyOneSideCalls) {
  const JudgedRun judged(run_with_getppid());
  const Explanation& of_b = judged.explanations.contrasts.front();
  ASSERT_EQ(of_b.frames.size(), 5U);
  EXPECT_EQ(of_b.frames.front().part.cause, "all of it");
  EXPECT_NEAR(of_b.frames.front().part.difference_ns, of_b.difference_ns, 1e-6);
  const Frame& getppid = frame(of_b.frames, "kernel`__x64_sys_getppid");
  EXPECT_EQ(getppid.depth, 4U);
  EXPECT_EQ(getppid.part.base_ns, 0);
  EXPECT_TRUE(getppid.part.is_told());
  EXPECT_NEAR(getppid.part.difference_ns, 0.2 * of_b.frames.front().part.entry_ns, 1e-6);
  EXPECT_NEAR(getppid.to - getppid.from, 0.25 / 2.25, 0.01) << "as wide as both sides' time";
}

TEST(FlameGraph, LaysWhatIsCalledWithinItsCaller) {
  const JudgedRun judged(run_with_getppid());
  for (const Explanation& each : judged.explanations.contrasts) {
    std::vector<const Frame*> callers;
    for (const Frame& frame : each.frames) {
      ASSERT_LE(frame.depth, callers.size()) << "a caller stands before what it calls";
      callers.resize(frame.depth);
      if (!callers.empty()) {
        EXPECT_GE(frame.from, callers.back()->from - 1e-12);
        EXPECT_LE(frame.to, callers.back()->to + 1e-12);
      }
      callers.push_back(&frame);
    }
  }
}

TEST(FlameGraph, LeavesOutWhatIsTooNarrowToBeSeen) {
  const JudgedRun judged(run_of({{100, 0}, {100'000, 0, 1}}, {{100, 0, 2}, {100'000, 0, 1}}));
  const std::vector<Frame>& frames = judged.explanations.contrasts.front().frames;
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_NEAR(frame(frames, "server`main").part.entry_ns, frames.front().part.entry_ns, 1e-6)
      << "its time is its caller's";
}

TEST(Functions, AddUpWithoutWhatTheyCall) {
  const JudgedRun judged(run_with_getppid());
  const Explanation& of_b = judged.explanations.contrasts.front();
  double sum = 0;
  for (const Part& part : of_b.by_function) sum += part.difference_ns;
  EXPECT_NEAR(sum, of_b.difference_ns, 1e-6);
  EXPECT_EQ(of_b.by_function.front().cause, "kernel`__x64_sys_getppid");
  const auto main = std::find_if(of_b.with_callees.begin(), of_b.with_callees.end(),
                                 [](const Part& part) { return part.cause == "server`main"; });
  EXPECT_NEAR(main->difference_ns, of_b.difference_ns, 1e-6) << "it calls all else";
}

TEST(Functions, ThatCallThemselvesAreCountedOnce) {
  const JudgedRun judged(run_of({{100, 0}, {100, 0, 1, 1}}, {{100, 0}, {100, 0, 1, 1, 1}}));
  const Explanation& of_b = judged.explanations.contrasts.front();
  for (const Part& part : of_b.with_callees)
    EXPECT_LE(part.entry_ns, of_b.frames.front().part.entry_ns + 1e-6) << part.cause;
}

TEST(Functions, OfTwoBuildsAreInTheTable) {
  const auto text_of = [](const results::Run& run) {
    std::ostringstream out;
    print_table(out, JudgedRun(run), false);
    return out.str();
  };
  results::Run run = run_with_getppid();
  EXPECT_THAT(text_of(run), Not(HasSubstr("by function"))) << "models that differ anyway";
  EntrySpec& branch = run.manifest.entries[1];
  branch.backend = "a";
  branch.server = "build/branch/duelio-server";
  EXPECT_THAT(text_of(run), HasSubstr("by function, without callees"));
  EXPECT_THAT(text_of(run), HasSubstr("\n    kernel`__x64_sys_getppid "));
}

TEST(Explanations, AreOfEveryPair) {
  const JudgedRun judged(run_with_getppid());
  EXPECT_EQ(judged.explanations.contrasts.size(), 2U);
  ASSERT_EQ(judged.explanations.pairs.size(), 1U) << "the others have the reference";
  const Explanation& pair = judged.explanations.pairs.front();
  EXPECT_EQ(pair.entry, "b");
  EXPECT_EQ(pair.base, "c");
  EXPECT_NEAR(pair.difference_ns,
              judged.judgement("cpu", "max")->level("c")->value * (pair.ratio - 1), 1e-6);
  EXPECT_EQ(pair.by_function.front().cause, "kernel`__x64_sys_getppid");
}

}  // namespace
}  // namespace duelio::results
