#include <gmock/gmock.h>

#include "tests/compare/parse.h"

namespace duelio::compare {
namespace {

using testing::HasSubstr;

TEST(Workloads, AWorkloadHasANumberOfItsOwn) {
  const auto workload = [](const char* word) {
    return parse_as_they_are({"--workload", word}).front().workload;
  };
  EXPECT_EQ(workload("pipelined").pipeline, 16U);
  EXPECT_EQ(workload("pipelined:4").pipeline, 4U);
  EXPECT_EQ(workload("pipelined:4").name, "pipelined:4");
  EXPECT_EQ(workload("churn:10").requests_per_connection, 10U);
  EXPECT_EQ(workload("upload:64KiB").body_bytes, 64U << 10U);
  EXPECT_EQ(workload("upload:64KiB").method, "POST");
  EXPECT_EQ(workload("download:1KiB").target, "/bytes/1024");
  EXPECT_EQ(workload("idle:5k").idle_connections, 5000U);
}

TEST(Workloads, AWorkloadWhoseNumberMakesNoSenseIsRefused) {
  EXPECT_EQ(complaint({"--workload", "hello:2"}),
            "--workload 'hello:2' has a number, and hello takes none");
  EXPECT_EQ(complaint({"--workload", "pipelined:1"}),
            "--workload 'pipelined:1' has a number that is not between 2 and 1024");
  EXPECT_EQ(complaint({"--workload", "upload:65MiB"}),
            "--workload 'upload:65MiB' has a number that is not between 1 and 67108864");
  EXPECT_THAT(complaint({"--workload", "download:"}), HasSubstr("--workload 'download:'"));
  EXPECT_THAT(complaint({"--workload", "nothing:1"}),
              HasSubstr("is unknown (one of hello, pipelined,"));
}

}  // namespace
}  // namespace duelio::compare
