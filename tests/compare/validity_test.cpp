#include "compare/validity.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>

namespace duelio::compare {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::IsEmpty;

// What the load generator says of an open loop in which all went well.
json::object good() {
  return {{"errors", json::array{}},
          {"checks", {{"conservation", true}}},
          {"connections", {{"requested", 64}, {"established", 64}}},
          {"counts", {{"completed_in_window", 20'000}}},
          {"measured_s", 1.0},
          {"rate", {{"offered", 20'000.0}}},
          {"latency_ns", {{"p50", 100'000}}},
          {"send_lag_ns", {{"p50", 10'000}}},
          {"dispatch_lag_ns", {{"p50", 10'000}}},
          {"cpu", {{"share", 0.5}, {"run_delay_share", 0.001}}}};
}

results::Slice judged(const json::object& load, double steal = 0, const std::string& name = "open",
                      bool accept_noise = false) {
  results::Slice slice;
  judge_phase({.name = name, .loadgen = load, .steal_share = steal, .accept_noise = accept_noise},
              slice);
  return slice;
}

TEST(Validity, LetsAGoodPhaseCount) {
  const results::Slice slice = judged(good());
  EXPECT_TRUE(slice.valid);
  EXPECT_THAT(slice.causes, IsEmpty());
  EXPECT_THAT(slice.wall_clock_causes, IsEmpty());
}

struct Fault {
  const char* cause;
  void (*inject)(json::object& load);
};

class ClientFaults : public testing::TestWithParam<Fault> {};

TEST_P(ClientFaults, NeverCount) {
  json::object load = good();
  GetParam().inject(load);
  const results::Slice slice = judged(load);
  EXPECT_FALSE(slice.valid);
  EXPECT_THAT(slice.causes, ElementsAre(std::string("open: ") + GetParam().cause));
}

INSTANTIATE_TEST_SUITE_P(
    All, ClientFaults,
    testing::Values(
        Fault{"errors: body, reset",
              [](json::object& load) {
                load["errors"] =
                    json::array{{{"class", "reset"}}, {{"class", "body"}}, {{"class", "reset"}}};
              }},
        Fault{"books do not balance",
              [](json::object& load) { load["checks"].as_object()["conservation"] = false; }},
        Fault{"connections missing",
              [](json::object& load) { load["connections"].as_object()["established"] = 63; }},
        Fault{"connections missing",
              [](json::object& load) { load["connections"].as_object()["beside_requested"] = 1; }},
        Fault{"generator saturated",
              [](json::object& load) { load["cpu"].as_object()["share"] = 0.99; }},
        Fault{"generator waited for a CPU",
              [](json::object& load) { load["cpu"].as_object()["run_delay_share"] = 0.2; }},
        Fault{"generator lagged",
              [](json::object& load) { load["dispatch_lag_ns"].as_object()["p50"] = 60'000; }},
        // 1 % less is allowed, and three times the root of what is expected.
        Fault{"offered rate not achieved", [](json::object& load) {
                load["counts"].as_object()["completed_in_window"] = 19'300;
              }}));

TEST(Validity, AllowsTheScatterOfPoissonArrivals) {
  json::object load = good();
  load["counts"].as_object()["completed_in_window"] = 19'400;
  EXPECT_TRUE(judged(load).valid);
}

TEST(Validity, AWaitForAFreeConnectionIsNotTheGenerators) {
  json::object load = good();
  load["send_lag_ns"].as_object()["p50"] = 90'000;
  EXPECT_TRUE(judged(load).valid);
}

TEST(Validity, AClosedLoopMaySaturateTheGenerator) {
  json::object load = good();
  load["cpu"].as_object()["share"] = 1.0;
  EXPECT_TRUE(judged(load, 0, "closed").valid);
}

TEST(Validity, ALittleStealSpoilsTheWallClockOnly) {
  for (const std::string name : {"closed", "open"}) {
    const results::Slice slice = judged(good(), 0.1, name);
    EXPECT_TRUE(slice.valid);
    EXPECT_THAT(slice.wall_clock_causes, ElementsAre(name + ": steal"));
    EXPECT_FALSE(slice.keeps_wall_clock(name));
    EXPECT_TRUE(slice.keeps_wall_clock(name == "open" ? "closed" : "open"));
  }
}

TEST(Validity, MuchStealSpoilsCpuTimeToo) {
  EXPECT_FALSE(judged(good(), 0.21).valid);
}

TEST(Validity, WhoeverElseHadTheServersCpuSpoilsTheOpenLoop) {
  const auto judged_with = [](const char* name, double foreign) {
    const json::object load = good();
    results::Slice slice;
    judge_phase({.name = name, .loadgen = load, .foreign_share = foreign}, slice);
    return slice;
  };
  EXPECT_THAT(judged_with("open", 0.2).causes,
              ElementsAre("open: another process on the server's CPU"));
  EXPECT_TRUE(judged_with("open", 0.1).valid);
  EXPECT_TRUE(judged_with("closed", 0.2).valid);  // its CPU time is exploratory
}

TEST(Validity, NoiseIsAcceptedOnlyWhenAskedAndFaultsNever) {
  EXPECT_TRUE(judged(good(), 0.9, "open", true).valid);
  json::object load = good();
  load["errors"] = json::array{{{"class", "reset"}}};
  EXPECT_FALSE(judged(load, 0, "open", true).valid);
}

}  // namespace
}  // namespace duelio::compare
