#include "compare/topology.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <unistd.h>

#include "compare/cpu_choice.h"

namespace duelio::compare {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// CPUs 0 to count - 1; each `siblings` of them that follow each other are a core.
std::vector<Cpu> machine(int count, int siblings = 1, int nodes = 1) {
  std::vector<Cpu> cpus;
  for (int id = 0; id < count; ++id)
    cpus.push_back({.id = id, .core = id - id % siblings, .node = id * nodes / count});
  return cpus;
}

std::vector<Cpu> only(std::vector<Cpu> cpus, std::vector<int> ids) {
  std::erase_if(
      cpus, [&](const Cpu& cpu) { return std::find(ids.begin(), ids.end(), cpu.id) == ids.end(); });
  return cpus;
}

void expect_choice(const CpuChoice& choice, std::vector<int> server, std::vector<int> client) {
  EXPECT_EQ(choice.server, server);
  EXPECT_EQ(choice.client, client);
}

TEST(CpuChoice, AThreadHasACoreOfItsOwn) {
  expect_choice(choose_cpus(machine(2), 1, {}), {0}, {1});
  expect_choice(choose_cpus(machine(4), 2, {}), {0, 1}, {2, 3});
  expect_choice(choose_cpus(machine(4, 2), 1, {}), {0}, {2});
  expect_choice(choose_cpus(machine(8, 2), 2, {}), {0, 2}, {4, 6});
}

TEST(CpuChoice, ServersComeFirstWhereThereAreNotEnough) {
  expect_choice(choose_cpus(machine(2), 2, {}), {0}, {1});
  expect_choice(choose_cpus(machine(3), 2, {}), {0, 1}, {2});
  expect_choice(choose_cpus(machine(5), 3, {}), {0, 1, 2}, {3, 4});
  expect_choice(choose_cpus(machine(4), 8, {}), {0, 1, 2}, {3});
}

TEST(CpuChoice, ACoreIsOfOneSideOnly) {
  expect_choice(choose_cpus(machine(4, 2), 2, {}), {0, 1}, {2, 3});
  expect_choice(choose_cpus(machine(4, 2), 3, {}), {0, 1}, {2, 3});
  expect_choice(choose_cpus(machine(6, 2), 3, {}), {0, 1, 2}, {4, 5});
}

TEST(CpuChoice, SiblingsHaveToDoWhereThereIsOneCore) {
  expect_choice(choose_cpus(machine(2, 2), 1, {}), {0}, {1});
  expect_choice(choose_cpus(machine(4, 4), 2, {}), {0, 1}, {2, 3});
}

TEST(CpuChoice, OneCpuIsNotDivided) {
  const CpuChoice choice = choose_cpus(machine(1), 1, {});
  EXPECT_THAT(choice.server, IsEmpty());
  EXPECT_THAT(choice.client, IsEmpty());
  expect_choice(choose_cpus(machine(2), 1, {.server = {0, 1}, .client = {}}), {0, 1}, {});
}

TEST(CpuChoice, StaysOnOneNodeIfThatHasEnough) {
  expect_choice(choose_cpus(machine(8, 1, 2), 2, {}), {0, 1}, {2, 3});
  expect_choice(choose_cpus(only(machine(8, 1, 2), {3, 4, 5, 6, 7}), 2, {}), {4, 5}, {6, 7});
  expect_choice(choose_cpus(machine(8, 1, 2), 1, {.server = {5}, .client = {}}), {5}, {4});
  expect_choice(choose_cpus(machine(4, 1, 2), 2, {}), {0, 1}, {2, 3});
}

TEST(CpuChoice, KeepsWhatIsNamedAndOffItsCore) {
  expect_choice(choose_cpus(machine(4), 1, {.server = {}, .client = {0}}), {1}, {0});
  expect_choice(choose_cpus(machine(4, 2), 1, {.server = {3}, .client = {}}), {3}, {0});
  expect_choice(choose_cpus(machine(6), 2, {.server = {5}, .client = {}}), {5}, {0, 1});
  expect_choice(choose_cpus(machine(2, 2), 1, {.server = {1}, .client = {}}), {1}, {0});
  expect_choice(choose_cpus(machine(2), 2, {.server = {0, 1}, .client = {0, 1}}), {0, 1}, {0, 1});
}

class SysFiles : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = folder_ + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text << '\n';
  }
  const std::string folder_ = testing::TempDir() + "topology_test_" + std::to_string(::getpid());
};

TEST_F(SysFiles, CoresAndNodesAreTheKernels) {
  for (const int cpu : {0, 1, 4, 5}) {
    write("cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list",
          cpu % 4 == 0 ? "0,4" : "1,5");
  }
  write("node/node0/cpulist", "0-1");
  write("node/node1/cpulist", "4-5");
  write("node/possible", "0-1");
  const std::vector<Cpu> cpus = read_topology({0, 1, 4, 5}, folder_);
  EXPECT_EQ(describe_cores(cpus), "2 cores (0+4, 1+5)");
  EXPECT_EQ(cores_of(cpus), 2U);
  EXPECT_EQ(nodes_of(cpus), 2U);
  EXPECT_EQ(describe_cores(read_topology({5}, folder_)), "1 core (5)");
  EXPECT_EQ(read_topology({5}, folder_).front().node, 1);
}

TEST_F(SysFiles, WhereTheKernelSaysNothingEachCpuIsACore) {
  const std::vector<Cpu> cpus = read_topology({0, 3}, folder_);
  EXPECT_EQ(describe_cores(cpus), "2 cores (0, 3)");
  EXPECT_EQ(nodes_of(cpus), 1U);
}

TEST_F(SysFiles, TheLeastQuotaOnTheWayUpCounts) {
  const auto quota = [&] { return cpu_quota(folder_ + "/cgroup", folder_ + "/fs"); };
  EXPECT_EQ(quota(), std::nullopt);
  write("cgroup", "1:cpu:/elsewhere\n0::/a/b");
  EXPECT_EQ(quota(), std::nullopt);
  write("fs/elsewhere/cpu.max", "1000 100000");
  write("fs/a/b/cpu.max", "max 100000");
  EXPECT_EQ(quota(), std::nullopt);
  write("fs/a/cpu.max", "150000 100000");
  EXPECT_EQ(quota(), 1.5);
  write("fs/a/b/cpu.max", "50000 100000");
  EXPECT_EQ(quota(), 0.5);
  write("fs/cpu.max", "20000 100000");
  EXPECT_EQ(quota(), 0.2);
}

TEST(Doubts, NameWhatSpeaksAgainstTheCpus) {
  results::Plan plan;
  plan.server_cpus = {0};
  plan.client_cpus = {2};
  EXPECT_THAT(doubts_about_cpus(plan, 1, machine(4, 2), std::nullopt), IsEmpty());
  EXPECT_THAT(doubts_about_cpus(plan, 1, machine(4, 2), 2.0), IsEmpty());
  EXPECT_THAT(doubts_about_cpus(plan, 1, machine(4, 2), 1.5),
              ElementsAre(HasSubstr("cpu.max lets this process use the time of 1.5")));
  EXPECT_THAT(doubts_about_cpus(plan, 2, machine(4, 2), std::nullopt),
              ElementsAre(HasSubstr("2 threads of a server have 1 CPU and take turns")));
  EXPECT_THAT(doubts_about_cpus(plan, 1, machine(4, 4), std::nullopt),
              ElementsAre(HasSubstr("CPU 0 of the servers and CPU 2 of the generators")));
  EXPECT_THAT(doubts_about_cpus(plan, 1, machine(4, 1, 2), std::nullopt),
              ElementsAre(HasSubstr("several nodes of memory")));
  plan.client_cpus = {0};  // one CPU for both is what was asked for
  EXPECT_THAT(doubts_about_cpus(plan, 1, machine(4, 2), 1.0), IsEmpty());
}

}  // namespace
}  // namespace duelio::compare
