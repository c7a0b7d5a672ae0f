#include "compare/perf_script.h"

#include <sstream>

#include <gmock/gmock.h>

#include "compare/profiles.h"

namespace duelio::compare {
namespace {

using testing::ElementsAre;

std::vector<StackSample> samples_of(const std::string& text) {
  PerfScript script;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) script.read(line);
  return script.take();
}

TEST(PerfScript, ReadsStacksOutermostFirst) {
  const auto samples = samples_of(
      "Warning: of something else\n"
      " 7999/8001    615.845316692: cpu-clock: \n"
      "\tffffffff8225a695 do_syscall_64 ([kernel.kallsyms])\n"
      "\tffffffffc0112233 bbr_main ([tcp_bbr])\n"
      "\t          10a929 __libc_recv (/usr/lib/x86_64-linux-gnu/libc.so.6)\n"
      "\t    55d0c0ffee00 duelio::backends::(anonymous namespace)::Worker::run (/x/duelio-server "
      "(deleted))\n"
      "\n"
      "12/12  7.000000001: cpu-clock: \n"
      "\t    7fff00000001 [unknown] ([vdso])\n");
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].pid, 7999);
  EXPECT_EQ(samples[0].at_ns, 615'845'316'692);
  EXPECT_THAT(samples[0].frames,
              ElementsAre("duelio-server`duelio::backends::(anonymous namespace)::Worker::run",
                          "libc.so.6`__libc_recv", "kernel`bbr_main", "kernel`do_syscall_64"));
  EXPECT_EQ(samples[1].at_ns, 7'000'000'001);
  EXPECT_THAT(samples[1].frames, ElementsAre("[vdso]`[unknown]"));
}

TEST(PerfScript, EndsAChainWhereItBreaks) {
  const auto samples = samples_of(
      " 1/1 1.000000000: cpu-clock: \n"
      "\t          10a929 __send (/lib/libc.so.6)\n"
      "\t7878787878787878 [unknown] ([unknown])\n"
      "\t          20a929 main (/x/duelio-server)\n");
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_THAT(samples[0].frames, ElementsAre("libc.so.6`__send"));
}

TEST(PerfScript, KeepsASampleWithoutAnyFrame) {
  ASSERT_EQ(samples_of(" 1/1 1.000000000: cpu-clock: \n\n").size(), 1U);
  EXPECT_TRUE(samples_of("").empty());
}

TEST(PerfScript, NoticesThatTheKernelIsMissing) {
  PerfScript script;
  script.read(" 1/1 1.000000000: cpu-clock: ");
  EXPECT_FALSE(script.is_of_user_mode_alone());
  script.read(" 1/1 1.000000000: cpu-clock:u: ");
  EXPECT_TRUE(script.is_of_user_mode_alone());
}

TEST(ShortSymbol, HasNoArgumentsAndNoClones) {
  for (const auto& [symbol, expected] : {
           std::pair("tcp_v4_rcv", "tcp_v4_rcv"),
           std::pair("do_softirq.part.0", "do_softirq"),
           std::pair("epoll_wait@@GLIBC_2.3.2", "epoll_wait"),
           std::pair("std::vector<int, std::allocator<int> >::push_back(int const&)",
                     "std::vector<..>::push_back"),
           std::pair("duelio::(anonymous namespace)::run(int)",
                     "duelio::(anonymous namespace)::run"),
           std::pair("f<g(h)->i>::operator()(int) const", "f<..>::operator()"),
           std::pair("operator new(unsigned long)", "operator new"),
           std::pair("a::operator<<(b)", "a::operator<<"),
           std::pair("run [clone .cold]", "run"),
       })
    EXPECT_EQ(short_symbol(symbol), expected);
}

TEST(Profiles, GiveEachSampleToItsLaneAndItsWindow) {
  const std::vector<StackSample> samples{{1, 10, {"a", "b"}}, {1, 12, {"a", "b"}}, {1, 14, {"a"}},
                                         {2, 15, {"a", "b"}}, {1, 30, {"c"}},      {3, 12, {"a"}}};
  const auto made =
      profiles({{.profile = {.load = "first"}, .begin_ns = 10, .end_ns = 20, .processes = {1}},
                {.profile = {.load = "second"}, .begin_ns = 15, .end_ns = 40, .processes = {1, 2}}},
               samples);
  ASSERT_EQ(made.size(), 2U);
  EXPECT_THAT(made[0].frames, ElementsAre("a", "b"));
  EXPECT_THAT(made[0].stacks,
              testing::UnorderedElementsAre(ElementsAre(2, 0, 1), ElementsAre(1, 0)));
  EXPECT_THAT(made[1].frames, ElementsAre("a", "b", "c"));
  EXPECT_THAT(made[1].stacks,
              testing::UnorderedElementsAre(ElementsAre(1, 0, 1), ElementsAre(1, 2)));
}

}  // namespace
}  // namespace duelio::compare
